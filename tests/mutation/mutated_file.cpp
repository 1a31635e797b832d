#include "mutation/mutated_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

namespace rpixen::test {

MutatedFile::MutatedFile(std::string path) : path_(std::move(path)), file_(::open(path_.c_str(), O_RDWR | O_CLOEXEC)) {
    struct stat status {};
    if (!file_ || ::fstat(file_.get(), &status) != 0) throw_io("open", path_);
    size_ = static_cast<std::uint64_t>(status.st_size);
}

Bytes MutatedFile::read(std::uint64_t offset, std::size_t size) const {
    Bytes bytes(size);
    const std::uint64_t there = offset < size_ ? std::min<std::uint64_t>(size, size_ - offset) : 0;
    pread_exactly(file_.get(), offset, MutableBytes(bytes).first(static_cast<std::size_t>(there)), path_);
    return bytes;
}

void MutatedFile::write(std::uint64_t offset, ByteView bytes) {
    if (offset > size_ || bytes.size() > size_ - offset) return;
    Bytes old = read(offset, bytes.size());
    if (std::equal(old.begin(), old.end(), bytes.begin())) return;
    before_.emplace_back(offset, std::move(old));
    pwrite_exactly(file_.get(), offset, bytes, path_);
}

void MutatedFile::write_into(MutatedFile& other, std::uint64_t offset) const {
    for (const auto& [place, old] : before_) other.write(offset + place, read(place, old.size()));
}

void MutatedFile::restore() {
    for (auto change = before_.rbegin(); change != before_.rend(); ++change)
        pwrite_exactly(file_.get(), change->first, change->second, path_);
    before_.clear();
}

std::string MutatedFile::changes() const {
    const auto hex_of = [](ByteView bytes) {
        std::string text;
        for (const std::byte byte : bytes.first(std::min<std::size_t>(bytes.size(), 16))) {
            constexpr const char* digits = "0123456789abcdef";
            text += digits[std::to_integer<unsigned>(byte) >> 4];
            text += digits[std::to_integer<unsigned>(byte) & 15U];
        }
        return text;
    };
    std::string text;
    for (const auto& [offset, old] : before_)
        text += std::to_string(offset) + ": " + hex_of(old) + " -> " + hex_of(read(offset, old.size())) + "\n";
    return text;
}

std::uint64_t Chance::value(std::uint64_t old, std::size_t size) {
    const std::uint64_t mask = size == 8 ? ~std::uint64_t{0} : (std::uint64_t{1} << (8 * size)) - 1;
    switch (below(7)) {
        case 0:
        case 1:
            return (old ^ (std::uint64_t{1} << below(8 * size))) & mask;
        case 2:
            return (old + 1) & mask;
        case 3:
            return (old - 1) & mask;
        case 4:
            return of(std::vector<std::uint64_t>{0, 1, 2, mask, mask >> 1, mask >> 8, (mask >> 1) + 1}) & mask;
        case 5:
            return below(64) & mask;
        default:
            return engine_() & mask;
    }
}

}  // namespace rpixen::test
