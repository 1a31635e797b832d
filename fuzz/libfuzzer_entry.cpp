#include "fuzz/target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    rpixen::fuzz::hold(rpixen::fuzz::RPIXEN_FUZZ_NAME, {reinterpret_cast<const std::byte*>(data), size});
    return 0;
}
