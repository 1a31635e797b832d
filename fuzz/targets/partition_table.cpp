#include "card/read_card.hpp"
#include "fuzz/foreign_bytes.hpp"
#include "fuzz/target.hpp"

namespace rpixen::fuzz {

void partition_table(ByteView input) {
    read_partitions(file_of(input), input.size());
}

}  // namespace rpixen::fuzz
