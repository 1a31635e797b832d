#include "artifact/tar_layer.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <utility>

#include <rpixen/error.hpp>

#include "artifact/apple_double.hpp"
#include "artifact/file_kind.hpp"
#include "artifact/foreign_kind.hpp"
#include "artifact/pin.hpp"
#include "artifact/posix_acl.hpp"
#include "artifact/tar_reader.hpp"
#include "artifact/xattr_names.hpp"
#include "base/printable.hpp"
#include "base/size.hpp"
#include "unpack/byte_stream.hpp"
#include "unpack/decoder.hpp"
#include "unpack/packing.hpp"

namespace rpixen {
namespace {

// A header and what is likely to follow it: an extended header or the next member's.
constexpr std::size_t header_read = 4096;
constexpr std::size_t most_problems = 20;
constexpr std::size_t most_text = 16 << 20;

/// Where a member's data lies now. `text`: also takes its bytes, where they cannot be read there later.
using ReadData = std::function<Content(TarReader&, std::string* text)>;

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
        throw Error(ErrorCode::artifact, "a hard link leads to a directory", "'" + printable(member.link) + "'",
                    "a member that is no directory", "make it a symlink, or leave it out");
    return *node;
}

/// Takes out what other systems keep in attributes that Linux has no place for (macOS gives one to every
/// file).
void drop_foreign_xattrs(XattrSet& xattrs, LayerFindings& findings) {
    std::erase_if(xattrs, [&](const auto& xattr) {
        for (const std::string_view ours : {"user.", "trusted.", "security.", "system."})
            if (xattr.first.starts_with(ours)) return false;
        if (findings.foreign_xattrs++ == 0) findings.foreign_xattr = xattr.first;
        return true;
    });
}

/// What macOS writes beside a file for its attributes and forks.
bool is_apple_double_member(TarReader& reader) {
    const TarMember& member = reader.member();
    return member.kind == TarMember::Kind::file && is_apple_double(member.name, member.size, reader.peek());
}

/// An access control list by number at once, one by name once all layers are there.
void add_acls(const TarMember& member, XattrSet& xattrs, Metadata& metadata,
              std::vector<std::pair<bool, std::string>>& named) {
    if (member.access_acl) {
        if (needs_names(*member.access_acl)) {
            named.emplace_back(false, *member.access_acl);
        } else {
            const PosixAcl acl = parse_posix_acl(*member.access_acl);
            metadata.mode = static_cast<std::uint16_t>((metadata.mode & 07000U) | acl.mode);
            if (!acl.minimal) xattrs.emplace_back(posix_acl_access, acl.xattr);
        }
    }
    if (member.default_acl) {
        if (needs_names(*member.default_acl))
            named.emplace_back(true, *member.default_acl);
        else
            xattrs.emplace_back(posix_acl_default, parse_posix_acl(*member.default_acl).xattr);
    }
}

NodeId add_file(Layers& layers, const FileTree::Place& place, const Metadata& metadata, TarReader& reader,
                const ReadData& read_data, XattrSet xattrs) {
    const TarMember& member = reader.member();
    constexpr auto supersede = FileTree::Existing::supersede;
    if (member.sparse)
        return layers.tree().add_sparse_file(place, metadata, member.size, read_data(reader, nullptr), member.runs,
                                             std::move(xattrs), supersede);
    std::string text;
    const bool wanted = layers.wants(place);
    const NodeId node = layers.tree().add_file(place, metadata, read_data(reader, wanted ? &text : nullptr),
                                               std::move(xattrs), supersede);
    if (wanted && !text.empty()) layers.remember(node, std::move(text));
    return node;
}

void add_member(Layers& layers, TarReader& reader, const ReadData& read_data) {
    TarMember& member = reader.member();
    FileTree& tree = layers.tree();
    using Kind = TarMember::Kind;
    constexpr auto supersede = FileTree::Existing::supersede;
    check_name(member);
    if (layers.apply_whiteout(member.name)) return;
    if (!layers.exact() && is_apple_double_member(reader)) {
        ++layers.findings().apple_files;
        return;
    }
    XattrSet xattrs = std::exchange(member.xattrs, {});
    drop_foreign_xattrs(xattrs, layers.findings());
    check_xattr_names(xattrs);
    if (member.kind == Kind::hard_link) {
        const NodeId target = find_link_target(tree, member);
        tree.add_link(tree.locate(member.name), target, supersede);
        return;
    }
    const FileTree::Place place = tree.locate(member.name);
    if (member.kind == Kind::character_device && layers.apply_overlay_whiteout(place, member.major, member.minor))
        return;
    if (member.kind == Kind::file && layers.apply_overlay_marks(place, member.size, xattrs)) return;
    Metadata metadata = layers.kept(member.metadata);
    std::vector<std::pair<bool, std::string>> named;
    add_acls(member, xattrs, metadata, named);
    NodeId node = no_id;
    switch (member.kind) {
        case Kind::file:
            node = add_file(layers, place, metadata, reader, read_data, std::move(xattrs));
            break;
        case Kind::symlink:
            // Linux knows no other mode of a symlink.
            metadata.mode = 0777;
            node = tree.add_symlink(place, metadata, member.link, std::move(xattrs), supersede);
            break;
        case Kind::character_device:
            node = tree.add_device(place, metadata, NodeType::character_device, member.major, member.minor,
                                   std::move(xattrs), supersede);
            break;
        case Kind::block_device:
            node = tree.add_device(place, metadata, NodeType::block_device, member.major, member.minor,
                                   std::move(xattrs), supersede);
            break;
        case Kind::fifo:
            node = tree.add_special(place, metadata, NodeType::fifo, std::move(xattrs), supersede);
            break;
        case Kind::directory:
        case Kind::hard_link:
            node = layers.add_directory(place, metadata, std::move(xattrs));
            break;
    }
    for (auto& [inherited, text] : named)
        layers.await_names(node, inherited, std::move(text),
                           reader.locate(ErrorCode::artifact, {}).problems()[0].location);
}

/// Members that the tree refuses are collected, so that one run shows them all; a damaged tar ends at once.
void add_members(Layers& layers, TarReader& reader, const ReadData& read_data, const Supervision& supervision,
                 const std::function<void()>& advance, bool end_is_certain) {
    std::vector<Problem> problems;
    while (reader.next()) {
        supervision.check();
        advance();
        try {
            add_member(layers, reader, read_data);
        } catch (const Error& error) {
            // An Error with a place comes from the stream or the store; one without a file is about this
            // member.
            if (error.code() != ErrorCode::artifact || !error.problems()[0].location.file.empty()) throw;
            problems.push_back(reader.locate(error.code(), error.problems()[0]).problems()[0]);
            if (problems.size() == most_problems) break;
        }
    }
    if (reader.ended_without_blocks()) layers.findings().end_is_proven = end_is_certain;
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
void lay(Layers& layers, TarReader& reader, ContentStore& store, const Supervision& supervision,
         const std::function<void()>& advance, bool end_is_certain) {
    const auto move = [&](TarReader& at, std::string* text) -> Content {
        if (at.member().stored == 0) return {};
        store.begin(at.member().stored);
        for (ByteView part = at.data(); !part.empty(); part = at.data()) {
            store.append(part);
            if (text && text->size() < most_text) text->append(as_text(part));
            supervision.check();
            advance();
        }
        return store.finish();
    };
    add_members(layers, reader, move, supervision, advance, end_is_certain);
}

/// A large window is memory that the user may not have.
void tell_of_window(Layers& layers, const TarFile& tar) {
    constexpr std::uint64_t usual = 128 * MiB;  // what zstd takes without --long
    std::array<std::byte, 16> start{};
    const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(start.size(), tar.end - tar.begin));
    pread_exactly(tar.file->descriptor(), tar.begin, MutableBytes(start).first(length), tar.name);
    const std::uint64_t window = zstd_window(ByteView(start).first(length));
    if (window > usual)
        layers.note("its zstd window is " + format_size(window) +
                    ": unpacking it takes as much memory as its data reach, at most that");
}

}  // namespace

void add_tar(Layers& layers, const TarFile& tar, const Supervision& supervision) {
    FileStream stream(tar.file, tar.begin, tar.end, header_read);
    TarReader reader(stream, tar.name);
    const auto refer = [&](TarReader& at, std::string*) {
        return Content{tar.file, tar.begin + at.data_position(), at.member().stored};
    };
    tell_change_from_damage(*tar.file, [&] {
        add_members(
            layers, reader, refer, supervision, [] {}, tar.end_is_certain);
    });
}

void check_is_tar(ByteStream& stream, const std::string& name) {
    const ByteView start = stream.peek();
    // An image may have a layer of nothing but closing blocks.
    const bool zeros = !start.empty() &&
                       std::all_of(start.begin(), start.end(), [](std::byte byte) { return byte == std::byte{}; });
    if (zeros || is_tar_header(start)) return;
    const ByteView looked_at = start.first(std::min(start.size(), file_kind_bytes));
    const auto foreign = detect_foreign_kind(start.first(std::min(start.size(), foreign_kind_bytes)));
    const FileKind kind = detect_file_kind(looked_at);
    std::string change = "name the right file";
    if (foreign) change = foreign->change;
    if (kind == FileKind::ext_file_system) change = "unpack it: a prebuilt file system is copied as it lies there";
    throw Error(ErrorCode::artifact, name + " holds no tar",
                (foreign ? foreign->name : describe(kind, looked_at)) + " inside", "a tar", change);
}

void add_tar_stream(Layers& layers, ByteStream& stream, const std::string& name, bool end_is_certain,
                    ContentStore& store, const Supervision& supervision, const std::function<void()>& advance) {
    TarReader reader(stream, name);
    lay(layers, reader, store, supervision, advance, end_is_certain);
}

void pour_tar(Layers& layers, const TarFile& tar, ContentStore& store, const std::optional<std::string>& pinned,
              const Supervision& supervision) {
    Decoder decoder(tar.file, tar.begin, tar.end, pinned.has_value());
    tell_change_from_damage(*tar.file, [&] {
        check_is_tar(decoder, tar.name);
        const bool plain = decoder.packing() == Packing::plain;
        supervision.begin(Phase::reading, tar.end - tar.begin);
        tell_of_window(layers, tar);
        // Packed data tell their own end, and most prove it with a checksum.
        const bool certain = tar.end_is_certain || pinned || !plain;
        add_tar_stream(layers, decoder, tar.name, certain, store, supervision,
                       [&] { supervision.advance(decoder.input_position()); });
        // The rest is read too: the decompressor's own checksum stands at the end, and the digest is of the
        // whole file.
        while (!decoder.some(decoder.largest_block).empty()) supervision.check();
    });
    tar.file->check_unchanged();
    if (pinned) check_pin(*pinned, decoder.digest(), tar.name);
    supervision.advance(tar.end - tar.begin);
}

}  // namespace rpixen
