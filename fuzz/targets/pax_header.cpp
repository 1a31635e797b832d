#include "artifact/pax_header.hpp"
#include "fuzz/target.hpp"

namespace rpixen::fuzz {

void pax_header(ByteView input) {
    PaxAttributes attributes;
    attributes.add(input.first(input.size() / 2));
    attributes.add(input);
}

}  // namespace rpixen::fuzz
