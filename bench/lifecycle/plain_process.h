// The same work without a sandbox: spawn, feed, collect, wait. What every start is compared with.
#pragma once

#include <string>
#include <vector>

namespace hotcell::bench {

struct PlainEnd {
    int status = -1;  // as wait(2) gives it
    std::string output;
};

/// Spawns argv[0] (absolute) with an environment of PATH and LANG only, writes `event` to its standard input, reads its
/// output to the end and reaps it.
PlainEnd run_plain(const std::vector<std::string>& arguments, const std::string& event);

}  // namespace hotcell::bench
