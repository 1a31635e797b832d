#include "base/byte_record.hpp"

#include <rpixen/error.hpp>

namespace rpixen {

ByteView RecordReader::bytes(std::uint64_t count) {
    check(count <= rest_.size());
    const ByteView taken = rest_.first(static_cast<std::size_t>(count));
    rest_ = rest_.subspan(taken.size());
    return taken;
}

std::uint64_t RecordReader::count(std::uint64_t least) {
    const auto count = number<std::uint64_t>();
    check(count <= rest_.size() / least);
    return count;
}

void RecordReader::refuse() {
    throw Error(ErrorCode::artifact, "a record is damaged");
}

}  // namespace rpixen
