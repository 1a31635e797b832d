#pragma once

#include <cstdint>
#include <memory>

#include <rpixen/progress.hpp>

#include "storage/input_file.hpp"

namespace rpixen {

/// What [begin, end) of a file unpacks to, in anonymous memory that is not mapped. Throws Error{artifact}:
/// damaged, or more than `most` bytes (an archive bomb).
std::shared_ptr<const InputFile> unpack(const std::shared_ptr<const InputFile>& file, std::uint64_t begin,
                                        std::uint64_t end, std::uint64_t most, const Supervision& supervision);

/// As unpack(), for a few bytes in memory.
Bytes unpack_bytes(ByteView packed, std::uint64_t most, const std::string& name);

}  // namespace rpixen
