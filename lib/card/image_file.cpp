#include "card/image_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>

#include "base/all_zero.hpp"
#include "base/size.hpp"
#include "unpack/decoder.hpp"

namespace rpixen {
namespace {

constexpr std::uint64_t most_bytes = 1024 * GiB;
constexpr std::size_t hole_size = 4096;

FileDescriptor scratch_file(const std::string& folder, const std::string& name) {
    FileDescriptor file(::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
    if (!file) file = FileDescriptor(::memfd_create("rpixen-image", MFD_CLOEXEC));
    if (!file) throw_io("make room to unpack", name);
    return file;
}

/// Writes what is not zero; the holes are whole blocks of the file.
void write_sparse(int descriptor, std::uint64_t offset, ByteView bytes, const std::string& name) {
    while (!bytes.empty()) {
        const auto next_block = [&](std::size_t place) {
            return std::min<std::size_t>(bytes.size(), place + hole_size - (offset + place) % hole_size);
        };
        std::size_t data = 0;
        while (data < bytes.size() && !all_zero(bytes.subspan(data, next_block(data) - data))) data = next_block(data);
        if (data > 0) pwrite_exactly(descriptor, offset, bytes.first(data), name);
        while (data < bytes.size() && all_zero(bytes.subspan(data, next_block(data) - data))) data = next_block(data);
        bytes = bytes.subspan(data);
        offset += data;
    }
}

}  // namespace

ImageFile open_image_file(const std::string& path, const std::string& scratch_folder, const Supervision& supervision) {
    ImageFile image;
    image.file = InputFile::open_file_or_disk(path);
    Bytes start(std::min<std::uint64_t>(image.file->size(), 4096));
    image.file->open(0)->read(0, start);
    if (!image.file->is_disk()) image.packing = detect_packing(start);
    if (image.packing == Packing::plain) return image;

    supervision.begin(Phase::unpacking, image.file->size());
    Decoder decoder(image.file, 0, image.file->size(), false);
    FileDescriptor out = scratch_file(scratch_folder, path);
    std::uint64_t size = 0;
    for (ByteView part = decoder.some(decoder.largest_block); !part.empty();
         part = decoder.some(decoder.largest_block)) {
        supervision.check();
        if (part.size() > most_bytes - size)
            throw Error(ErrorCode::artifact, path + " unpacks to more than an image can be", {},
                        "at most " + format_size(most_bytes));
        write_sparse(out.get(), size, part, path);
        size += part.size();
        supervision.advance(decoder.input_position());
    }
    image.file->check_unchanged();
    if (::ftruncate(out.get(), static_cast<off_t>(size)) != 0) throw_io("unpack", path);
    image.file = InputFile::adopt(std::move(out), path);
    return image;
}

}  // namespace rpixen
