#pragma once

#include <string>

#include "storage/input_file.hpp"

namespace rpixen {

/// A regular file that is open only while it is read: thousands of them need not fit the limit of open files
/// (`ulimit -n`). What it was when it was examined is proven each time.
class ReopenedFile final : public ContentSource {
  public:
    /// Throws what InputFile::open_file() throws.
    static Content examine(const std::string& path);

    std::unique_ptr<OpenContent> open(std::uint64_t position) const override;
    std::string name() const override { return path_; }

    ReopenedFile(std::string path, FileIdentity identity) : path_(std::move(path)), identity_(identity) {}

  private:
    std::string path_;
    FileIdentity identity_;
};

}  // namespace rpixen
