#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <rpixen/error.hpp>

#include "artifact/pax_header.hpp"
#include "artifact/tar_header.hpp"
#include "base/budget.hpp"
#include "tree/file_tree.hpp"
#include "unpack/byte_stream.hpp"

namespace rpixen {

/// One member of a tar.
struct TarMember {
    enum class Kind : std::uint8_t {
        file,
        hard_link,
        symlink,
        character_device,
        block_device,
        directory,
        fifo
    } kind = Kind::file;
    std::string name;  ///< bytes as they are
    std::string link;  ///< of a hard link or symlink
    Metadata metadata;
    std::uint64_t size = 0;    ///< of a file, bytes, holes included
    std::uint64_t stored = 0;  ///< bytes of its data in the tar
    std::uint32_t major = 0;
    std::uint32_t minor = 0;
    XattrSet xattrs;
    std::optional<std::string> access_acl;   ///< as text; of no symlink
    std::optional<std::string> default_acl;  ///< as text; of a folder
    bool sparse = false;
    std::vector<DataRun> runs;  ///< of a sparse file: what `stored` holds, in order
};

/// What extended headers may take; steps are headers, bytes are those of their bodies.
struct TarBudget {
    Budget member{.of = "the extended headers of one member", .steps = 1000, .bytes = std::uint64_t{16} << 20};
    Budget global{.of = "the global headers of a tar", .steps = 10'000, .bytes = std::uint64_t{1} << 20};
};

/// Reads the members of a tar one after another: v7, ustar, pax, star and GNU with their long names, sparse
/// files (old GNU, pax 0.0, 0.1 and 1.0), base-256 numbers, extended attributes and access control lists. Why
/// this is not libarchive's reader: docs/decisions/0004-tar-reader.md.
///
/// Everything throws Error{artifact} that names the tar and the member. An archive may end without its closing
/// blocks of zeros where its last member is whole, as in GNU tar, bsdtar and Go; ended_without_blocks() tells. What
/// follows those blocks is not looked at.
class TarReader {
  public:
    /// `name` is the tar's path for messages. The stream outlives the reader.
    TarReader(ByteStream& stream, std::string name, const TarBudget& budget = {});

    /// Goes to the next member; false at the end of the archive.
    bool next();
    const TarMember& member() const { return member_; }
    TarMember& member() { return member_; }

    /// Where the next byte of the member's data lies in the stream.
    std::uint64_t data_position() const { return stream_.position(); }
    /// The next piece of the member's data, not empty; nothing after the last.
    ByteView data();
    /// The same without passing over it.
    ByteView peek();
    /// Whether the archive ended without closing blocks: unless something else proves that it is all there, it
    /// may have been cut between two members.
    bool ended_without_blocks() const { return without_blocks_; }

    /// `problem` with the tar and the present member as its place.
    Error locate(ErrorCode code, Problem problem) const;

  private:
    bool read_block(MutableBytes block);
    Bytes read_body(std::uint64_t size, Spending& spent);
    void skip(std::uint64_t count);
    bool take(const TarHeader& header, ByteView block);
    void make_member(const TarHeader& header, ByteView block);
    void read_old_gnu_map(ByteView block);
    void read_map_in_data();
    void finish_sparse(std::uint64_t size);
    void apply(const PaxAttributes& pax);
    [[noreturn]] void refuse(std::string message, std::string found = {}, std::string allowed = {},
                             std::string change = {}) const;

    ByteStream& stream_;
    std::string name_;
    Spending member_spent_;  ///< on the extended headers of the present member
    Spending global_spent_;
    TarMember member_;
    PaxAttributes global_;
    PaxAttributes local_;
    std::string long_name_;
    std::string long_link_;
    bool has_long_name_ = false;
    bool has_long_link_ = false;
    std::uint64_t left_ = 0;     ///< of the member's data
    std::uint64_t padding_ = 0;  ///< behind it
    bool without_blocks_ = false;
};

}  // namespace rpixen
