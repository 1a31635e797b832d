#include "storage/reopened_file.hpp"

#include <rpixen/error.hpp>

namespace rpixen {

Content ReopenedFile::examine(const std::string& path) {
    const auto file = InputFile::open_file(path);
    return {std::make_shared<ReopenedFile>(path, file->identity()), 0, file->size()};
}

std::unique_ptr<OpenContent> ReopenedFile::open(std::uint64_t position) const {
    std::shared_ptr<const InputFile> file;
    try {
        file = InputFile::open_file(path_);
    } catch (const Error& error) {
        // It was there and could be read.
        throw Error(ErrorCode::io, error.problems());
    }
    if (file->identity() != identity_)
        throw Error(ErrorCode::io, path_ + " was changed while it was read", {}, {},
                    "run again when nothing writes to it");
    return file->open(position);
}

}  // namespace rpixen
