// hotcell-warden: the privileged helper. Started by the engine with a sealed configuration and two pipes; not for hands.
#include "engine/warden/authority.h"

int main() { return hotcell::warden::run_authority({}); }
