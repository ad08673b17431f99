// hotcell-warden with layers left out, to see that what they hold back then gets through. Arguments: numbers of
// protocol::Step. The product's own program (engine/programs/warden) has no way to leave anything out.
#include <cstdlib>

#include "engine/warden/authority.h"

int main(int argc, char** argv) {
    hotcell::sandbox::OmittedSteps omitted;
    for (int i = 1; i < argc; ++i) omitted.insert(static_cast<hotcell::protocol::Step>(std::atoi(argv[i])));
    return hotcell::warden::run_authority(omitted);
}
