#include <rpixen/manifest.hpp>

#include "fuzz/target.hpp"

namespace rpixen::fuzz {

void manifest(ByteView input) {
    parse_manifest(as_text(input), "manifest.json");
}

}  // namespace rpixen::fuzz
