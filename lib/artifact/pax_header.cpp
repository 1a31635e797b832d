#include "artifact/pax_header.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include <rpixen/error.hpp>

namespace rpixen {
namespace {

[[noreturn]] void damaged(std::string_view key, std::string_view value) {
    throw Error(ErrorCode::artifact, "a pax header is damaged",
                "'" + std::string(key) + "=" + std::string(value.substr(0, 60)) + "'");
}

std::uint64_t parse_decimal(std::string_view key, std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failure != std::errc{} || end != text.data() + text.size() || text.empty()) damaged(key, text);
    // Nothing in a file system reaches the sign bit of off_t.
    if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) damaged(key, text);
    return value;
}

/// As parse_decimal(), but the largest number stands for all beyond it.
std::int64_t parse_seconds(std::string_view key, std::string_view text) {
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos) damaged(key, text);
    std::int64_t value = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
    return failure == std::errc::result_out_of_range ? most : value;
}

/// "[-]seconds[.fraction]"; digits beyond nanoseconds are cut off towards the past. Seconds beyond 64 bits
/// (2^63 too, which a time of INT64_MIN has) end at 2^63 - 1.
Timestamp parse_time(std::string_view key, std::string_view text) {
    std::string_view rest = text;
    const bool negative = rest.starts_with('-');
    if (negative) rest.remove_prefix(1);
    const std::size_t point = rest.find('.');
    const std::string_view fraction = point == std::string_view::npos ? "" : rest.substr(point + 1);
    Timestamp time{parse_seconds(key, rest.substr(0, point)), 0};
    bool beyond = false;
    for (std::size_t index = 0; index < std::max<std::size_t>(9, fraction.size()); ++index) {
        const char digit = index < fraction.size() ? fraction[index] : '0';
        if (digit < '0' || digit > '9') damaged(key, text);
        if (index < 9)
            time.nanoseconds = time.nanoseconds * 10 + static_cast<std::uint32_t>(digit - '0');
        else
            beyond = beyond || digit != '0';
    }
    if (!negative) return time;
    std::int64_t below = time.nanoseconds + (beyond ? 1 : 0);
    time.seconds = -time.seconds;
    if (below != 0) {
        --time.seconds;
        below = 1'000'000'000 - below;
        time.nanoseconds = static_cast<std::uint32_t>(below);
    }
    return time;
}

std::string decode_base64(std::string_view key, std::string_view text) {
    static constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    unsigned bits = 0;
    int held = 0;
    for (const char c : text) {
        if (c == '=') break;
        const std::size_t value = alphabet.find(c);
        if (value == std::string_view::npos) damaged(key, text);
        bits = (bits << 6 | static_cast<unsigned>(value)) & 0xffffU;
        held += 6;
        if (held >= 8) {
            held -= 8;
            out += static_cast<char>((bits >> held) & 0xffU);
        }
    }
    return out;
}

std::string decode_percent(std::string_view text) {
    std::string out;
    for (std::size_t index = 0; index < text.size(); ++index) {
        unsigned value = 0;
        if (text[index] == '%' && index + 2 < text.size() &&
            std::from_chars(text.data() + index + 1, text.data() + index + 3, value, 16).ptr ==
                text.data() + index + 3) {
            out += static_cast<char>(value);
            index += 2;
        } else {
            out += text[index];
        }
    }
    return out;
}

}  // namespace

void PaxAttributes::add(ByteView records) {
    std::string_view rest = as_text(records);
    while (!rest.empty()) {
        // "LENGTH KEY=VALUE\n", the length counting all of it.
        std::size_t length = 0;
        const auto [end, failure] = std::from_chars(rest.data(), rest.data() + rest.size(), length);
        const auto digits = static_cast<std::size_t>(end - rest.data());
        if (failure != std::errc{} || length > rest.size() || length < digits + 2 || *end != ' ' ||
            rest[length - 1] != '\n')
            damaged("record", rest.substr(0, rest.find('\n')));
        const std::string_view record = rest.substr(digits + 1, length - digits - 2);
        const std::size_t equals = record.find('=');
        if (equals == std::string_view::npos) damaged("record", record);
        add_record(record.substr(0, equals), record.substr(equals + 1));
        rest.remove_prefix(length);
    }
}

void PaxAttributes::add_record(std::string_view key, std::string_view value) {
    const auto text = [&]() -> std::optional<std::string> {
        if (value.empty()) return std::nullopt;
        return std::string(value);
    };
    const auto number = [&]() -> std::optional<std::uint64_t> {
        if (value.empty()) return std::nullopt;
        return parse_decimal(key, value);
    };
    if (key == "path")
        path = text();
    else if (key == "linkpath")
        link = text();
    else if (key == "size")
        size = number();
    else if (key == "uid")
        uid = number();
    else if (key == "gid")
        gid = number();
    else if (key == "mtime")
        mtime = value.empty() ? std::nullopt : std::optional(parse_time(key, value));
    else if (key == "SCHILY.acl.access")
        access_acl = text();
    else if (key == "SCHILY.acl.default")
        default_acl = text();
    else if (key == "RHT.security.selinux") {
        // The kernel keeps the label with its NUL; GNU tar stores it without.
        if (!value.empty()) xattrs["security.selinux"] = std::string(value) + '\0';
    } else if (key.starts_with("SCHILY.xattr.")) {
        xattrs[std::string(key.substr(13))] = std::string(value);
    } else if (key.starts_with("LIBARCHIVE.xattr.")) {
        xattrs[decode_percent(key.substr(17))] = decode_base64(key, value);
    } else if (key.starts_with("GNU.sparse.")) {
        add_sparse_record(key.substr(11), value);
    } else if (key == "SCHILY.acl.ace") {
        throw Error(ErrorCode::artifact, "a member has an NFSv4 access control list", {}, "POSIX.1e lists",
                    "make the tar without it");
    }
    // What is left (atime, ctime, uname, gname, comment, hdrcharset, device numbers, file flags) has no place
    // in the image: owners go by number.
}

void PaxAttributes::add_sparse_record(std::string_view key, std::string_view value) {
    if (key == "name")
        sparse_name = std::string(value);
    else if (key == "realsize" || key == "size")
        sparse_size = parse_decimal(key, value);
    else if (key == "major")
        sparse_map_in_data = value == "1";
    else if (key == "offset")
        sparse_map.push_back({parse_decimal(key, value), 0});
    else if (key == "numbytes") {
        if (sparse_map.empty()) damaged(key, value);
        sparse_map.back().length = parse_decimal(key, value);
    } else if (key == "map") {
        sparse_map.clear();
        for (std::string_view rest = value; !rest.empty();) {
            std::array<std::uint64_t, 2> pair{};
            for (std::uint64_t& number : pair) {
                const std::size_t comma = std::min(rest.find(','), rest.size());
                number = parse_decimal(key, rest.substr(0, comma));
                rest.remove_prefix(std::min(comma + 1, rest.size()));
            }
            sparse_map.push_back({pair[0], pair[1]});
        }
    }
    sparse = true;
}

}  // namespace rpixen
