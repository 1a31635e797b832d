#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <rpixen/progress.hpp>

#include "artifact/layers.hpp"
#include "storage/content_store.hpp"
#include "storage/input_file.hpp"
#include "unpack/byte_stream.hpp"

namespace rpixen {

/// A tar in a file, or in a part of one.
struct TarFile {
    std::shared_ptr<const InputFile> file;
    std::uint64_t begin = 0;  ///< bytes
    std::uint64_t end = 0;
    std::string name;             ///< for messages
    bool end_is_certain = false;  ///< a digest proves that it is whole

    explicit TarFile(const std::shared_ptr<const InputFile>& whole)
        : file(whole), end(whole->size()), name(whole->name()) {}
    TarFile(std::shared_ptr<const InputFile> holder, std::uint64_t from, std::uint64_t to, std::string what)
        : file(std::move(holder)), begin(from), end(to), name(std::move(what)), end_is_certain(true) {}
};

/// Lays an uncompressed tar into the tree. Only headers are read: contents refer to the tar itself.
/// Throws Error{artifact} with the problems of its members, named in Location::pointer.
void add_tar(Layers& layers, const TarFile& tar, const Supervision& supervision);

/// Throws Error{artifact} where a stream does not begin as a tar does.
void check_is_tar(ByteStream& stream, const std::string& name);

/// Lays a tar that comes as a stream into the tree; its files go to `store` in the order of the tar. `name`
/// is for messages, `advance` is called often and tells of progress.
void add_tar_stream(Layers& layers, ByteStream& stream, const std::string& name, bool end_is_certain,
                    ContentStore& store, const Supervision& supervision, const std::function<void()>& advance);

/// Lays a tar, compressed or not, into the tree: reads it once, unpacks it beside the parsing, and hands its
/// files to `store` in the order of the tar. With `pinned` the digest of the file as it lies there is taken
/// in the same pass and held against it.
void pour_tar(Layers& layers, const TarFile& tar, ContentStore& store, const std::optional<std::string>& pinned,
              const Supervision& supervision);

}  // namespace rpixen
