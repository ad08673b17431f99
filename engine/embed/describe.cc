#include "engine/embed/describe.h"

#include <string>

namespace hotcell::embed {

EngineDescription describe_host(const protocol::Hello& hello) {
    EngineDescription description;
    description.version = HOTCELL_VERSION;
    description.cgroup_driver = hello.cgroup_driver;
    description.landlock_abi = hello.landlock_abi;
    const bool landlock = hello.landlock_abi > 0;
    const std::string abi = "ABI " + std::to_string(hello.landlock_abi);
    description.features = {
        {"cgroup", "yes", "driver " + description.cgroup_driver, ""},
        {"landlock", landlock ? "yes" : "no", landlock ? abi : "the kernel was built or started without it",
         landlock ? "" : "start the kernel with lsm=landlock,…"},
    };
    if (hello.text[0] != '\0') description.features.push_back({"remarks", "degraded", hello.text, ""});
    // a sandbox of which one of these cannot be made is not given out: the build fails and names the step
    for (const char* layer : {"user namespace", "pid namespace", "mount namespace", "network namespace",
                              "ipc namespace", "uts namespace", "cgroup namespace", "read-only root", "masked proc",
                              "empty capabilities", "no_new_privs", "seccomp", "memory limit", "process limit"})
        description.confinement.push_back({layer, "yes", "a sandbox without it is not given out", ""});
    description.confinement.push_back({"landlock", landlock ? "yes" : "no",
                                       landlock ? abi : "the kernel has none; require_landlock refuses such hosts",
                                       ""});
    return description;
}

}  // namespace hotcell::embed
