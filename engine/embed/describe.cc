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
    description.settings = {
        {"internetAccess", "kept", "no function has a network, whatever it says", ""},
        {"vpcConfig", "kept", "no function has a network", ""},
        {"customDNS", "kept", "no function has a network", ""},
        {"nasConfig", "kept", "nothing is mounted", "layers bring files that many functions share"},
        {"ossMountConfig", "kept", "nothing is mounted", "layers bring files that many functions share"},
        {"role", "kept", "context.credentials are empty", "give what a function needs by environmentVariables"},
        {"logConfig", "kept", "lines stay in this engine's memory", "hotcell logs SERVICE/FUNCTION"},
        {"tracingConfig", "kept", "no trace is sent", "phases of each call are in Server-Timing"},
        {"cpu", "kept", "environments share the processors evenly", ""},
        {"diskSize", "kept", "/tmp is as large as the engine's option says, and counts as memory", ""},
        {"instanceType", "kept", "this machine is of one type", ""},
    };
    return description;
}

}  // namespace hotcell::embed
