#include "follow/check_card.hpp"
#include "fuzz/foreign_bytes.hpp"
#include "fuzz/target.hpp"
#include "verify/card_reading.hpp"

namespace rpixen::fuzz {

void card(ByteView input) {
    check_card(read_directly(file_of(input), input.size(), {}).card);
}

}  // namespace rpixen::fuzz
