#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <rpixen/progress.hpp>

#include "artifact/byte_stream.hpp"
#include "storage/content_store.hpp"
#include "storage/input_file.hpp"
#include "tree/file_tree.hpp"

namespace rpixen {

/// Lays an uncompressed tar over `tree`. Only headers are read: contents refer to the tar itself.
/// Throws Error{artifact} with the problems of its members, named in Location::pointer.
void add_tar(FileTree& tree, const std::shared_ptr<const InputFile>& tar, const Supervision& supervision);

/// Lays a tar that comes as a stream over `tree`; its files go to `store` in the order of the tar. `name` is
/// for messages.
void add_tar_stream(FileTree& tree, ByteStream& stream, const std::string& name, ContentStore& store,
                    const Supervision& supervision);

/// Lays a tar, compressed or not, over `tree`: reads it once, unpacks it beside the parsing, and hands its
/// files to `store` in the order of the tar. With `pinned` the digest of the file as it lies there is taken
/// in the same pass and held against it. `watch` is called often; what it throws ends the work.
void pour_tar(
    FileTree& tree, const std::shared_ptr<const InputFile>& file, ContentStore& store,
    const std::optional<std::string>& pinned, const Supervision& supervision,
    const std::function<void()>& watch = [] {});

}  // namespace rpixen
