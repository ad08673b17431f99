// Boost.JSON itself, compiled once for everyone who writes or reads JSON (Debian ships its headers without the archive).
#include <boost/json/src.hpp>
