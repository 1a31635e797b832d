#include "pack/block_compressor.hpp"

namespace rpixen {

const char* suffix_of(Compression compression) noexcept {
    switch (compression) {
        case Compression::none:
            break;
        case Compression::zstd:
            return "zst";
        case Compression::xz:
            return "xz";
        case Compression::gzip:
            return "gz";
    }
    return "";
}

std::unique_ptr<BlockCompressor> make_compressor(Compression compression) {
    switch (compression) {
        case Compression::none:
            break;
        case Compression::zstd:
            return zstd_compressor();
        case Compression::xz:
            return xz_compressor();
        case Compression::gzip:
            return gzip_compressor();
    }
    return nullptr;
}

}  // namespace rpixen
