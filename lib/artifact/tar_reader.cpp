#include "artifact/tar_reader.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <rpixen/error.hpp>

#include "base/all_zero.hpp"
#include "base/printable.hpp"
#include "base/size.hpp"

namespace rpixen {
namespace {

constexpr std::size_t block_size = TarHeader::size_of_block;
// What a sparse map may hold: far beyond any real one.
constexpr std::size_t most_runs = 1 << 20;

std::uint64_t padding_of(std::uint64_t size) {
    return (block_size - size % block_size) % block_size;
}

std::string without_nul(ByteView body) {
    std::string text(as_text(body));
    while (text.ends_with('\0')) text.pop_back();
    return text;
}

}  // namespace

TarReader::TarReader(ByteStream& stream, std::string name, const TarBudget& budget)
    : stream_(stream), name_(std::move(name)), member_spent_(budget.member), global_spent_(budget.global) {}

Error TarReader::locate(ErrorCode code, Problem problem) const {
    problem.location.file = name_;
    problem.location.pointer = printable(member_.name);
    return Error(code, std::move(problem));
}

void TarReader::refuse(std::string message, std::string found, std::string allowed, std::string change) const {
    throw locate(ErrorCode::artifact,
                 {std::move(message), std::move(found), std::move(allowed), std::move(change), {}});
}

bool TarReader::read_block(MutableBytes block) {
    const std::size_t count = stream_.read(block);
    if (count != 0 && count != block.size())
        refuse("the tar ends inside a header", "its end after byte " + std::to_string(stream_.position()), {},
               "fetch or make the tar again");
    return count != 0;
}

void TarReader::skip(std::uint64_t count) {
    if (!stream_.skip(count))
        refuse("the tar ends inside this member", "fewer bytes than its header says", {},
               "fetch or make the tar again");
}

Bytes TarReader::read_body(std::uint64_t size, Spending& spent) {
    spent.steps();
    spent.bytes(size);
    Bytes body;
    // Grows with what is really there, so that a header's lie takes no memory.
    while (body.size() < size) {
        const ByteView part = stream_.some(size - body.size());
        if (part.empty()) refuse("the tar ends inside an extended header", {}, {}, "fetch or make the tar again");
        body.insert(body.end(), part.begin(), part.end());
    }
    skip(padding_of(size));
    return body;
}

bool TarReader::next() {
    skip(left_);
    skip(padding_);
    left_ = padding_ = 0;
    local_ = global_;
    member_spent_ = Spending(member_spent_.budget());
    has_long_name_ = has_long_link_ = false;

    std::array<std::byte, block_size> block;
    bool lone_zero = false;
    bool extended = false;  // an extended header waits for its member
    while (true) {
        const std::uint64_t place = stream_.position();
        if (!read_block(block)) {
            if (lone_zero) return false;
            if (stream_.position() == 0) refuse("the tar is empty", "no byte", "a tar", "fetch or make the tar again");
            without_blocks_ = !extended;
            if (without_blocks_) return false;
            refuse("the tar ends behind a header that announces a member",
                   "its end after byte " + std::to_string(stream_.position()), "the member",
                   "fetch or make the tar again");
        }
        if (all_zero(block)) {
            if (lone_zero) return false;
            lone_zero = true;
            continue;
        }
        if (lone_zero) refuse("a lone block of zeros stands inside the tar", "at byte " + std::to_string(place - 512));
        try {
            const TarHeader header = parse_tar_header(block);
            if (take(header, block)) return true;
            extended = header.type != 'V' && header.type != 'g';
        } catch (const Error& error) {
            if (!error.problems()[0].location.file.empty()) throw;
            Problem problem = error.problems()[0];
            problem.message += " (in the header at byte " + std::to_string(place) + ", after this member)";
            throw locate(error.code(), std::move(problem));
        }
    }
}

/// Whether the header begins a member; otherwise it told something of the next one.
bool TarReader::take(const TarHeader& header, ByteView block) {
    switch (header.type) {
        case 'x':
        case 'X':  // Sun's
            local_.add(read_body(header.size, member_spent_));
            return false;
        case 'g':
            global_.add(read_body(header.size, global_spent_));
            local_ = global_;
            return false;
        case 'L':
            long_name_ = without_nul(read_body(header.size, member_spent_));
            has_long_name_ = true;
            return false;
        case 'K':
            long_link_ = without_nul(read_body(header.size, member_spent_));
            has_long_link_ = true;
            return false;
        case 'V':  // a volume's label
            skip(header.size);
            skip(padding_of(header.size));
            return false;
        default:
            make_member(header, block);
            return true;
    }
}

void TarReader::make_member(const TarHeader& header, ByteView block) {
    member_ = {};
    member_.name = has_long_name_ ? long_name_ : header.name;
    member_.link = has_long_link_ ? long_link_ : header.link;
    member_.metadata.mode = header.mode;
    member_.metadata.mtime.seconds = header.mtime;
    if (local_.path) member_.name = *local_.path;
    if (local_.link) member_.link = *local_.link;
    if (local_.sparse_name) member_.name = *local_.sparse_name;

    const std::uint64_t size = local_.size.value_or(header.size);
    // Of the kinds that have no data some writers give the size nevertheless (v7's hard links, Solaris'
    // folders).
    bool has_data = false;
    switch (header.type) {
        case '0':
        case '\0':
        case '7':
        case 'S':
            // Before ustar a folder was a file whose name ends with a slash.
            member_.kind = member_.name.ends_with('/') ? TarMember::Kind::directory : TarMember::Kind::file;
            has_data = member_.kind == TarMember::Kind::file;
            break;
        case '1':
            member_.kind = TarMember::Kind::hard_link;
            break;
        case '2':
            member_.kind = TarMember::Kind::symlink;
            break;
        case '3':
            member_.kind = TarMember::Kind::character_device;
            break;
        case '4':
            member_.kind = TarMember::Kind::block_device;
            break;
        case '5':
            member_.kind = TarMember::Kind::directory;
            break;
        case '6':
            member_.kind = TarMember::Kind::fifo;
            break;
        case 'D':  // GNU's folder with a list of its files as data
            member_.kind = TarMember::Kind::directory;
            padding_ = size + padding_of(size);
            break;
        case 'M':
            refuse("the tar is a later volume of several", "a continued member", "one tar", "join the volumes");
        default:
            refuse("the member is of an unknown kind", "type '" + printable({&header.type, 1}) + "'",
                   "files, links, folders, devices and fifos");
    }
    if (header.major > 4095 || header.minor > 1048575)
        refuse("a device number is too large", std::to_string(header.major) + ":" + std::to_string(header.minor),
               "12 bits and 20 bits");
    member_.major = static_cast<std::uint32_t>(header.major);
    member_.minor = static_cast<std::uint32_t>(header.minor);

    const std::uint64_t uid = local_.uid.value_or(header.uid);
    const std::uint64_t gid = local_.gid.value_or(header.gid);
    if (uid > 0xffffffff || gid > 0xffffffff)
        refuse("an owner's number is too large", std::to_string(uid) + ":" + std::to_string(gid), "32 bits");
    member_.metadata.uid = static_cast<std::uint32_t>(uid);
    member_.metadata.gid = static_cast<std::uint32_t>(gid);
    apply(local_);

    if (!has_data) return;
    member_.size = member_.stored = left_ = size;
    padding_ = padding_of(size);
    if (header.type == 'S') {
        read_old_gnu_map(block);
    } else if (local_.sparse) {
        member_.runs = local_.sparse_map;
        if (local_.sparse_map_in_data) read_map_in_data();
        finish_sparse(local_.sparse_size.value_or(0));
    }
}

void TarReader::apply(const PaxAttributes& pax) {
    if (pax.mtime) member_.metadata.mtime = *pax.mtime;
    for (const auto& [name, value] : pax.xattrs) member_.xattrs.emplace_back(name, value);
    // A symlink has no list of its own.
    if (member_.kind != TarMember::Kind::symlink) member_.access_acl = pax.access_acl;
    if (member_.kind == TarMember::Kind::directory) member_.default_acl = pax.default_acl;
    std::sort(member_.xattrs.begin(), member_.xattrs.end());
    const auto twice = std::adjacent_find(member_.xattrs.begin(), member_.xattrs.end(),
                                          [](const auto& a, const auto& b) { return a.first == b.first; });
    if (twice != member_.xattrs.end()) refuse("an extended attribute is given twice", "'" + twice->first + "'");
}

void TarReader::read_old_gnu_map(ByteView block) {
    // GNU tar src/tar.h, struct oldgnu_header and struct sparse_header: offsets in bytes.
    constexpr std::size_t pairs = 386, extended = 482, real_size = 483, header_pairs_size = 96;
    constexpr std::size_t more_pairs_size = 504, more_extended = 504;
    if (as_text(block.subspan(257, 6)) != "ustar ") refuse("a sparse member is of an unknown form", "no GNU header");
    parse_gnu_sparse(block.subspan(pairs, header_pairs_size), member_.runs);
    bool more = block[extended] != std::byte{};
    std::array<std::byte, block_size> next;
    while (more) {
        if (!read_block(next)) refuse("the tar ends inside a sparse map", {}, {}, "fetch or make the tar again");
        parse_gnu_sparse(ByteView(next).first(more_pairs_size), member_.runs);
        if (member_.runs.size() > most_runs) refuse("a sparse map is too long");
        more = next[more_extended] != std::byte{};
    }
    finish_sparse(parse_tar_size(block.subspan(real_size, 12)));
}

void TarReader::read_map_in_data() {
    // Decimal numbers, a line each: how many runs, then offset and length of each; filled up to a whole
    // block.
    const std::uint64_t begin = stream_.position();
    const auto number = [&] {
        std::string digits;
        while (true) {
            const ByteView byte = left_ > 0 ? stream_.some(1) : ByteView();
            if (byte.empty() || digits.size() > 20) refuse("a sparse map is damaged");
            --left_;
            if (static_cast<char>(byte[0]) == '\n') break;
            digits += static_cast<char>(byte[0]);
        }
        std::uint64_t value = 0;
        const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
        if (failure != std::errc{} || end != digits.data() + digits.size()) refuse("a sparse map is damaged");
        return value;
    };
    const std::uint64_t count = number();
    if (count > most_runs) refuse("a sparse map is too long", std::to_string(count) + " runs");
    member_.runs.clear();
    for (std::uint64_t index = 0; index < count; ++index) {
        const std::uint64_t offset = number();
        member_.runs.push_back({offset, number()});
    }
    const std::uint64_t fill = padding_of(stream_.position() - begin);
    if (fill > left_) refuse("a sparse map is damaged");
    skip(fill);
    left_ -= fill;
    member_.stored = left_;
}

void TarReader::finish_sparse(std::uint64_t size) {
    member_.size = size;
    member_.sparse = true;
    std::uint64_t end = 0;
    std::uint64_t packed = 0;
    for (const DataRun& run : member_.runs) {
        if (run.logical < end || run.logical > size || run.length > size - run.logical)
            refuse("a sparse map is damaged", "a run that overlaps another or leaves the file");
        end = run.logical + run.length;
        packed += run.length;
    }
    std::erase_if(member_.runs, [](const DataRun& run) { return run.length == 0; });
    if (packed != member_.stored)
        refuse("a sparse map does not match the member's data", std::to_string(member_.stored) + " bytes",
               std::to_string(packed));
    std::vector<DataRun> merged;
    for (const DataRun& run : member_.runs) {
        if (!merged.empty() && merged.back().logical + merged.back().length == run.logical)
            merged.back().length += run.length;
        else
            merged.push_back(run);
    }
    member_.runs = std::move(merged);
    if (member_.stored == member_.size) {
        member_.sparse = false;
        member_.runs.clear();
    }
}

ByteView TarReader::peek() {
    const ByteView part = left_ == 0 ? ByteView() : stream_.peek();
    return part.first(static_cast<std::size_t>(std::min<std::uint64_t>(part.size(), left_)));
}

ByteView TarReader::data() {
    if (left_ == 0) return {};
    const ByteView part = stream_.some(left_);
    if (part.empty())
        refuse("the tar ends inside this member", std::to_string(member_.stored - left_) + " bytes of its data",
               std::to_string(member_.stored), "fetch or make the tar again");
    left_ -= part.size();
    return part;
}

}  // namespace rpixen
