#include "artifact/posix_acl.hpp"

#include <algorithm>
#include <charconv>
#include <functional>
#include <vector>

#include <rpixen/error.hpp>

#include "base/bytes.hpp"

namespace rpixen {
namespace {

// include/uapi/linux/posix_acl.h
enum Tag : std::uint16_t { user_obj = 1, user = 2, group_obj = 4, group = 8, mask = 16, other = 32 };
constexpr std::uint32_t no_id = 0xffffffff;  // ACL_UNDEFINED_ID

struct Entry {
    std::uint16_t tag = 0;
    std::uint16_t permissions = 0;
    std::uint32_t id = no_id;
    friend bool operator<(const Entry& a, const Entry& b) { return std::pair(a.tag, a.id) < std::pair(b.tag, b.id); }
};

[[noreturn]] void refuse(std::string_view entry, const std::string& why, const std::string& change = {}) {
    throw Error(ErrorCode::artifact, "an access control list " + why, "'" + std::string(entry) + "'", {}, change);
}

std::vector<std::string_view> split(std::string_view text, std::string_view separators) {
    std::vector<std::string_view> parts;
    while (true) {
        const std::size_t end = text.find_first_of(separators);
        parts.push_back(text.substr(0, end));
        if (end == std::string_view::npos) return parts;
        text.remove_prefix(end + 1);
    }
}

std::optional<std::uint32_t> number(std::string_view text) {
    std::uint32_t value = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failure != std::errc{} || end != text.data() + text.size() || text.empty() || value == no_id)
        return std::nullopt;
    return value;
}

bool number_like(std::string_view text) {
    return text.find_first_not_of("0123456789") == std::string_view::npos;
}

std::optional<std::uint16_t> permissions(std::string_view text) {
    std::uint16_t bits = 0;
    if (text.empty() || text.size() > 3) return std::nullopt;
    for (const char c : text) {
        if (c == 'r')
            bits |= 4;
        else if (c == 'w')
            bits |= 2;
        else if (c == 'x')
            bits |= 1;
        else if (c != '-')
            return std::nullopt;
    }
    return bits;
}

/// Tells of a name without a number; nothing where there is none to be had.
using Lookup = std::function<std::optional<std::uint32_t>(bool user, std::string_view name)>;

Entry parse_entry(std::string_view text, const Lookup& lookup) {
    std::vector<std::string_view> fields = split(text, ":");
    if (fields[0] == "default") fields.erase(fields.begin());
    if (fields.size() < 2) refuse(text, "holds an entry that is none");
    const std::string_view tag = fields[0];
    const bool is_user = tag == "user" || tag == "u";
    const bool is_group = tag == "group" || tag == "g";
    Entry entry;
    if (is_user)
        entry.tag = user_obj;
    else if (is_group)
        entry.tag = group_obj;
    else if (tag == "mask" || tag == "m")
        entry.tag = mask;
    else if (tag == "other" || tag == "o")
        entry.tag = other;
    else
        refuse(text, "holds an entry of an unknown kind");

    // "mask:rwx" and "other:rwx" are an older form of "mask::rwx".
    const std::size_t place = (fields.size() == 2 && !is_user && !is_group) ? 1 : 2;
    if (fields.size() <= place) refuse(text, "holds an entry without permissions");
    const auto bits = permissions(fields[place]);
    if (!bits) refuse(text, "holds permissions that are none");
    entry.permissions = *bits;

    const std::string_view name = place == 2 ? fields[1] : std::string_view();
    if (name.empty()) return entry;
    if (!is_user && !is_group) refuse(text, "names somebody where nobody can be named");
    entry.tag = is_user ? user : group;
    auto id = fields.size() > 3 ? number(fields[3]) : number(name);
    if (!id && name == "root") id = 0;
    if (!id && !number_like(name)) id = lookup(is_user, name);
    if (!id)
        throw Error(ErrorCode::artifact, "an access control list names somebody whom the tree does not know",
                    "'" + std::string(text) + "'",
                    is_user ? "a user of the tree's /etc/passwd" : "a group of the tree's /etc/group",
                    "add the name there, or make the tar with bsdtar, which stores the number too");
    entry.id = *id;
    return entry;
}

PosixAcl parse(std::string_view text, const Lookup& lookup) {
    std::vector<Entry> entries;
    for (std::string_view line : split(text, ",\n")) {
        line = line.substr(0, line.find('#'));
        while (!line.empty() && (line.front() == ' ' || line.front() == '\t')) line.remove_prefix(1);
        while (!line.empty() && (line.back() == ' ' || line.back() == '\t')) line.remove_suffix(1);
        if (!line.empty()) entries.push_back(parse_entry(line, lookup));
    }
    std::sort(entries.begin(), entries.end());
    if (std::adjacent_find(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
            return a.tag == b.tag && a.id == b.id;
        }) != entries.end())
        refuse(text, "holds an entry twice");

    // fs/posix_acl.c, posix_acl_valid(): each of the three once, and a mask where somebody is named.
    std::uint16_t seen = 0;
    PosixAcl acl;
    acl.xattr.assign("\2\0\0\0", 4);
    for (const Entry& entry : entries) {
        seen |= entry.tag;
        if (entry.tag == user_obj) acl.mode |= static_cast<std::uint16_t>(entry.permissions << 6);
        if (entry.tag == group_obj) acl.mode |= static_cast<std::uint16_t>(entry.permissions << 3);
        if (entry.tag == mask)
            acl.mode = static_cast<std::uint16_t>((acl.mode & 0707U) | (unsigned{entry.permissions} << 3));
        if (entry.tag == other) acl.mode |= entry.permissions;
        std::byte bytes[8];
        store_le<std::uint16_t>(bytes, entry.tag);
        store_le<std::uint16_t>(bytes + 2, entry.permissions);
        store_le<std::uint32_t>(bytes + 4, entry.id);
        acl.xattr.append(as_text(bytes));
    }
    constexpr unsigned required = user_obj | group_obj | other;
    if ((seen & required) != required) refuse(text, "lacks the owner, the group or the others");
    if ((seen & (user | group)) != 0 && (seen & mask) == 0) refuse(text, "names somebody and has no mask");
    acl.minimal = seen == required;
    return acl;
}

}  // namespace

PosixAcl parse_posix_acl(std::string_view text, const UserNames* names) {
    return parse(text, [names](bool user, std::string_view name) -> std::optional<std::uint32_t> {
        if (!names) return std::nullopt;
        const auto& list = user ? names->users : names->groups;
        const auto found = list.find(name);
        return found == list.end() ? std::nullopt : std::optional(found->second);
    });
}

bool needs_names(std::string_view text) {
    // Stand-ins that no other entry has, so that two names do not look like one twice.
    std::uint32_t next = no_id;
    parse(text, [&next](bool, std::string_view) { return std::optional(--next); });
    return next != no_id;
}

}  // namespace rpixen
