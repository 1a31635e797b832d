#include "artifact/tar_layer.hpp"

#include <algorithm>
#include <functional>
#include <utility>

#include <rpixen/error.hpp>

#include "artifact/byte_stream.hpp"
#include "artifact/decoder.hpp"
#include "artifact/file_kind.hpp"
#include "artifact/pin.hpp"
#include "artifact/tar_reader.hpp"
#include "artifact/xattr_names.hpp"
#include "base/printable.hpp"

namespace rpixen {
namespace {

// A header and what is likely to follow it: an extended header or the next member's.
constexpr std::size_t header_read = 4096;
constexpr std::size_t most_problems = 20;

using ReadData = std::function<Content(TarReader&)>;

void check_name(const TarMember& member) {
    const auto refuse = [](std::string message, std::string allowed, std::string change) {
        throw Error(ErrorCode::artifact, std::move(message), {}, std::move(allowed), std::move(change));
    };
    const std::string rename = "rename the member or leave it out";
    for (const std::string* name : {&member.name, &member.link}) {
        const bool symlink = name == &member.link && member.kind == TarMember::Kind::symlink;
        if (name->find('\0') != std::string::npos)
            refuse("a member's name or link holds a NUL byte", "any other byte", rename);
        if (!symlink && name->find('\n') != std::string::npos)
            refuse("a member's name holds a newline", "any other byte but NUL", rename);
        if (!symlink && name->starts_with('/'))
            refuse("a member's name or hard link is absolute",
                   "names relative to the tree's root ('./etc/passwd')",
                   "pack the tree from its own top ('tar -C TREE -cf FILE .')");
    }
    if (member.name.empty()) refuse("a member has no name", "a name", "make the tar again");
}

NodeId find_link_target(FileTree& tree, const TarMember& member) {
    const FileTree::Place place = tree.locate(member.link, false);
    const auto node = tree.child(place.directory, place.name);
    if (!node)
        throw Error(ErrorCode::artifact, "a hard link leads to a member that is not there",
                    "'" + printable(member.link) + "'", "a member that stands before the link",
                    "put the file before the link, or leave the link out");
    if (tree.type(*node) == NodeType::directory)
        throw Error(ErrorCode::artifact, "a hard link leads to a directory",
                    "'" + printable(member.link) + "'", "a member that is no directory",
                    "make it a symlink, or leave it out");
    return *node;
}

void add_member(FileTree& tree, TarReader& reader, const ReadData& read_data) {
    TarMember& member = reader.member();
    check_name(member);
    check_xattr_names(member.xattrs);
    constexpr auto replace = FileTree::Existing::replace;
    const Metadata& metadata = member.metadata;
    using Kind = TarMember::Kind;
    if (member.kind == Kind::hard_link) {
        const NodeId target = find_link_target(tree, member);
        tree.add_link(tree.locate(member.name), target, replace);
        return;
    }
    const FileTree::Place place = tree.locate(member.name);
    XattrSet xattrs = std::exchange(member.xattrs, {});
    switch (member.kind) {
        case Kind::file:
            if (member.sparse)
                tree.add_sparse_file(place, metadata, member.size, read_data(reader), member.runs,
                                     std::move(xattrs), replace);
            else
                tree.add_file(place, metadata, read_data(reader), std::move(xattrs), replace);
            break;
        case Kind::symlink:
            tree.add_symlink(place, metadata, member.link, std::move(xattrs), replace);
            break;
        case Kind::character_device:
            tree.add_device(place, metadata, NodeType::character_device, member.major, member.minor,
                            std::move(xattrs), replace);
            break;
        case Kind::block_device:
            tree.add_device(place, metadata, NodeType::block_device, member.major, member.minor,
                            std::move(xattrs), replace);
            break;
        case Kind::fifo:
            tree.add_special(place, metadata, NodeType::fifo, std::move(xattrs), replace);
            break;
        case Kind::directory:
        case Kind::hard_link:
            tree.add_directory(place, metadata, std::move(xattrs));
            break;
    }
}

/// Members that the tree refuses are collected, so that one run shows them all; a damaged tar ends at once.
void add_members(FileTree& tree, TarReader& reader, const ReadData& read_data, const Supervision& supervision,
                 const std::function<void()>& advance) {
    std::vector<Problem> problems;
    while (reader.next()) {
        supervision.check();
        advance();
        try {
            add_member(tree, reader, read_data);
        } catch (const Error& error) {
            // An Error with a place comes from the stream or the store; one without a file is about this
            // member.
            if (error.code() != ErrorCode::artifact || !error.problems()[0].location.file.empty()) throw;
            problems.push_back(reader.locate(error.code(), error.problems()[0]).problems()[0]);
            if (problems.size() == most_problems) break;
        }
    }
    if (!problems.empty()) throw Error(ErrorCode::artifact, std::move(problems));
}

/// What looks like damage may be a file that somebody is writing: then it is told as that.
template <typename Read>
void tell_change_from_damage(const InputFile& file, const Read& read) {
    try {
        read();
    } catch (const Error& error) {
        if (error.code() == ErrorCode::artifact) file.check_unchanged();
        throw;
    }
}

/// Hands the data of the files to `store`.
void lay(FileTree& tree, TarReader& reader, ContentStore& store, const Supervision& supervision,
         const std::function<void()>& advance) {
    const auto move = [&](TarReader& at) -> Content {
        if (at.member().stored == 0) return {};
        store.begin(at.member().stored);
        for (ByteView part = at.data(); !part.empty(); part = at.data()) {
            store.append(part);
            supervision.check();
            advance();
        }
        return store.finish();
    };
    add_members(tree, reader, move, supervision, advance);
}

}  // namespace

void add_tar(FileTree& tree, const std::shared_ptr<const InputFile>& tar, const Supervision& supervision) {
    FileStream stream(tar, 0, tar->size(), header_read);
    TarReader reader(stream, tar->name());
    const auto refer = [&](TarReader& at) { return Content{tar, at.data_position(), at.member().stored}; };
    tell_change_from_damage(*tar, [&] { add_members(tree, reader, refer, supervision, [] {}); });
}

void add_tar_stream(FileTree& tree, ByteStream& stream, const std::string& name, ContentStore& store,
                    const Supervision& supervision) {
    TarReader reader(stream, name);
    lay(tree, reader, store, supervision, [] {});
}

void pour_tar(FileTree& tree, const std::shared_ptr<const InputFile>& file, ContentStore& store,
              const std::optional<std::string>& pinned, const Supervision& supervision,
              const std::function<void()>& watch) {
    Decoder decoder(file, 0, file->size(), pinned.has_value());
    TarReader reader(decoder, file->name());
    tell_change_from_damage(*file, [&] {
        const ByteView start = decoder.peek();
        supervision.begin(decoder.packing() == Packing::plain ? "reading" : "unpacking", file->size());
        if (!is_tar_header(start)) {
            const ByteView looked_at = start.first(std::min(start.size(), file_kind_bytes));
            throw Error(ErrorCode::artifact, file->name() + " holds no tar",
                        describe(detect_file_kind(looked_at), looked_at) + " inside", "a tar");
        }
        lay(tree, reader, store, supervision, [&] {
            watch();
            supervision.advance(decoder.input_position());
        });
        // The rest is read too: the decompressor's own checksum stands at the end, and the digest is of the
        // whole file.
        while (!decoder.some(decoder.largest_block).empty()) supervision.check();
    });
    file->check_unchanged();
    if (pinned) check_pin(*pinned, decoder.digest(), file->name());
    supervision.advance(file->size());
}

}  // namespace rpixen
