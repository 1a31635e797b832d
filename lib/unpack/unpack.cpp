#include "unpack/unpack.hpp"

#include <sys/mman.h>

#include <rpixen/error.hpp>

#include "base/size.hpp"
#include "unpack/decoder.hpp"

namespace rpixen {
namespace {

FileDescriptor anonymous_file(const std::string& name) {
    FileDescriptor file(::memfd_create("rpixen-unpacked", MFD_CLOEXEC));
    if (!file) throw_io("make room to unpack", name);
    return file;
}

}  // namespace

std::shared_ptr<const InputFile> unpack(const std::shared_ptr<const InputFile>& file, std::uint64_t begin,
                                        std::uint64_t end, std::uint64_t most, const Supervision& supervision) {
    Decoder decoder(file, begin, end, false);
    FileDescriptor out = anonymous_file(file->name());
    std::uint64_t size = 0;
    for (ByteView part = decoder.some(decoder.largest_block); !part.empty();
         part = decoder.some(decoder.largest_block)) {
        supervision.check();
        if (part.size() > most - size)
            throw Error(ErrorCode::artifact, file->name() + " unpacks to more than it may", {},
                        "at most " + format_size(most));
        pwrite_exactly(out.get(), size, part, file->name());
        size += part.size();
    }
    return InputFile::adopt(std::move(out), file->name());
}

Bytes unpack_bytes(ByteView packed, std::uint64_t most, const std::string& name) {
    FileDescriptor held = anonymous_file(name);
    pwrite_exactly(held.get(), 0, packed, name);
    const auto file = InputFile::adopt(std::move(held), name);
    return read_all(unpack(file, 0, file->size(), most, {})->content());
}

}  // namespace rpixen
