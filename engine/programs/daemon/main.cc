// hotcelld: reads its options and lives (daemon.h).
#include "engine/programs/daemon/daemon.h"

int main(int argc, char** argv) {
    const auto options = hotcell::daemon::parse_options(argc, argv);
    return options ? hotcell::daemon::run_daemon(*options) : options.error();
}
