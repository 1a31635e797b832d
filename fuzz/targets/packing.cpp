#include "base/size.hpp"
#include "fuzz/foreign_bytes.hpp"
#include "fuzz/target.hpp"
#include "unpack/decoder.hpp"
#include "unpack/unpack.hpp"

namespace rpixen::fuzz {

void packing(ByteView input) {
    const auto file = file_of(input);
    Decoder decoder(file, 0, file->size(), true);
    for (std::uint64_t left = 64 * MiB; left > 0;) {
        const ByteView some = decoder.some(left);
        if (some.empty()) break;
        left -= some.size();
    }
    if (decoder.packing() != Packing::plain) unpack_bytes(input, 1 * MiB, "input");
}

}  // namespace rpixen::fuzz
