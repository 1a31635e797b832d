#include "artifact/boot_binaries.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <rpixen/error.hpp>

#include "artifact/scan.hpp"
#include "base/size.hpp"
#include "format/uboot_env.hpp"
#include "unpack/unpack.hpp"

namespace rpixen {
namespace {

using namespace std::string_view_literals;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/// The printable ASCII at the start of `text`.
std::string_view line_at(std::string_view text) {
    const auto end = std::find_if(text.begin(), text.end(), [](char c) { return c < 0x20 || c > 0x7e; });
    return text.substr(0, static_cast<std::size_t>(end - text.begin()));
}

/// "4.17..." to its two numbers; false where it does not begin so.
bool parse_version(std::string_view text, int& major, int& minor) {
    int first = 0;
    int second = 0;
    const char* end = text.data() + text.size();
    const auto point = std::from_chars(text.data(), end, first);
    if (point.ec != std::errc{} || point.ptr == end || *point.ptr != '.') return false;
    const auto rest = std::from_chars(point.ptr + 1, end, second);
    if (rest.ec != std::errc{}) return false;
    major = first;
    minor = second;
    return true;
}

void read_header(const Content& content, Arm64ImageHeader& header) {
    Bytes start(static_cast<std::size_t>(std::min<std::uint64_t>(content.size, Arm64ImageHeader::size)));
    if (start.empty()) return;
    content.open()->read(0, start);
    if (const auto parsed = parse_arm64_image(start)) header = *parsed;
}

/// UTF-16LE to ASCII, up to the first character that is none.
std::string narrow_text(ByteView bytes) {
    std::string text;
    for (std::size_t index = 0; index + 1 < bytes.size(); index += 2) {
        const auto unit = load_le<std::uint16_t>(&bytes[index]);
        if (unit < 0x20 || unit > 0x7e) break;
        text += static_cast<char>(unit);
    }
    return text;
}

/// The configuration behind "IKCFG_ST" at `offset`; empty where that is something else.
std::map<std::string, std::string> read_config(const Content& content, std::uint64_t offset) {
    constexpr std::uint64_t most_packed = 4 * MiB;  // a real one has some 60 KiB
    constexpr std::uint64_t most = 32 * MiB;
    const std::uint64_t begin = offset + "IKCFG_ST"sv.size();
    Bytes packed(static_cast<std::size_t>(std::min(most_packed, content.size - begin)));
    content.open()->read(begin, packed);
    const std::size_t end = as_text(packed).find("IKCFG_ED");
    if (end == std::string_view::npos) return {};
    try {
        return parse_kernel_config(
            as_text(unpack_bytes(ByteView(packed).first(end), most, "the kernel's configuration")));
    } catch (const Error& error) {
        if (error.code() != ErrorCode::artifact) throw;
        return {};
    }
}

/// Xen's configuration where a gzip at `offset` holds it; empty where that is something else.
std::map<std::string, std::string> read_xen_config(const Content& content, std::uint64_t offset) {
    constexpr std::uint64_t most_packed = 64 * KiB;  // a real one has some 1 KiB
    constexpr std::uint64_t most = 1 * MiB;
    Bytes packed(static_cast<std::size_t>(std::min(most_packed, content.size - offset)));
    content.open()->read(offset, packed);
    try {
        const Bytes text = unpack_bytes(packed, most, "Xen's configuration");
        if (as_text(text).find("# Xen/") == std::string_view::npos) return {};
        return parse_kernel_config(as_text(text));
    } catch (const Error& error) {
        if (error.code() != ErrorCode::artifact) throw;
        return {};
    }
}

bool set_in(const std::map<std::string, std::string>& config, const std::string& name) {
    const auto found = config.find(name);
    return found != config.end() && (found->second == "y" || found->second == "m");
}

/// "Aug 26 2022" as "2022-08-26"; empty where it is no date.
std::string iso_date(std::string_view text) {
    constexpr std::array months{"Jan"sv, "Feb"sv, "Mar"sv, "Apr"sv, "May"sv, "Jun"sv,
                                "Jul"sv, "Aug"sv, "Sep"sv, "Oct"sv, "Nov"sv, "Dec"sv};
    if (text.size() < 11 || text[3] != ' ' || text[6] != ' ') return {};
    const auto month = std::find(months.begin(), months.end(), text.substr(0, 3));
    std::string day(text.substr(4, 2));
    if (day[0] == ' ') day[0] = '0';
    const std::string year(text.substr(7, 4));
    if (month == months.end() || !std::all_of(day.begin(), day.end(), is_digit) ||
        !std::all_of(year.begin(), year.end(), is_digit))
        return {};
    const auto number = std::to_string(month - months.begin() + 1);
    return year + "-" + (number.size() < 2 ? "0" : "") + number + "-" + day;
}

}  // namespace

std::map<std::string, std::string> parse_kernel_config(std::string_view text) {
    std::map<std::string, std::string> config;
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        const std::size_t equals = line.find('=');
        if (line.starts_with("CONFIG_") && equals != std::string_view::npos)
            config.emplace(line.substr(0, equals), line.substr(equals + 1));
    }
    return config;
}

std::string firmware_build_date(const Content& firmware) {
    constexpr std::array needles{"VC_BUILD_ID_TIME: "sv};
    std::string date;
    scan(firmware, needles, [&](std::size_t needle, std::uint64_t, ByteView bytes) {
        date = iso_date(line_at(as_text(bytes)).substr(needles[needle].size()));
        return !date.empty();  // another one has the time of the day
    });
    return date;
}

void examine_xen(XenArtifact& xen) {
    read_header(xen.content, xen.header);
    constexpr std::array needles{"X\0e\0n\0 \0"sv, "xen,xen-"sv};
    std::string node_version;
    scan(xen.content, needles, [&](std::size_t needle, std::uint64_t, ByteView bytes) {
        if (needle == 0) {
            const std::string text = narrow_text(bytes);
            if (text.size() < 5 || !is_digit(text[4])) return false;
            // "Xen 4.17.7 (c/s ...) EFI loader"
            xen.banner = text.substr(0, text.find(" (", 4));
            return true;
        }
        const std::string_view text = line_at(as_text(bytes));
        if (text.size() <= 8 || !is_digit(text[8])) return false;
        node_version = text.substr(8);
        return true;
    });
    if (xen.banner.empty() && !node_version.empty()) xen.banner = "Xen " + node_version;
    if (!xen.banner.empty()) parse_version(std::string_view(xen.banner).substr(4), xen.major, xen.minor);
}

std::map<std::string, std::string> xen_build_config(const Content& xen) {
    constexpr std::array needles{"\x1f\x8b\x08"sv};
    constexpr unsigned most = 64;  // that are tried
    unsigned tried = 0;
    std::map<std::string, std::string> config;
    scan(xen, needles, [&](std::size_t, std::uint64_t offset, ByteView) {
        config = read_xen_config(xen, offset);
        return !config.empty() || ++tried == most;
    });
    return config;
}

void examine_kernel(KernelArtifact& kernel) {
    read_header(kernel.content, kernel.header);
    constexpr std::array needles{"Linux version "sv, "IKCFG_ST\x1f\x8b"sv, "arm/xen:starting"sv,
                                 "Xen %s support found"sv};
    bool xen_words = false;
    scan(kernel.content, needles, [&](std::size_t needle, std::uint64_t offset, ByteView bytes) {
        const std::string_view text = line_at(as_text(bytes));
        if (needle == 0) {
            const std::string_view release = text.substr(std::min<std::size_t>(14, text.size()));
            if (release.empty() || !is_digit(release[0])) return false;
            kernel.banner = text;
            kernel.release = release.substr(0, release.find(' '));
        } else if (needle == 1) {
            kernel.config = read_config(kernel.content, offset);
            return !kernel.config.empty();
        } else {
            xen_words = true;
        }
        return true;
    });
    if (!kernel.release.empty()) parse_version(kernel.release, kernel.major, kernel.minor);
    if (!kernel.config.empty())
        kernel.built_for_xen = set_in(kernel.config, "CONFIG_XEN");
    else if (!kernel.banner.empty())
        kernel.built_for_xen = xen_words;
}

void examine_uboot(UBootArtifact& uboot) {
    const Bytes bytes = read_all(uboot.content);
    const std::string_view text = as_text(bytes);
    for (std::size_t place = text.find("U-Boot "); place != std::string_view::npos;
         place = text.find("U-Boot ", place + 1)) {
        const std::string_view line = line_at(text.substr(place, 200));
        if (line.size() > 14 && is_digit(line[7]) && parse_version(line.substr(7), uboot.year, uboot.month)) {
            uboot.banner = line;
            break;
        }
    }
    for (const auto& [name, value] : find_default_env(bytes)) uboot.environment[name] = value;
    const auto mentions = [&](std::string_view words) { return text.find(words) != std::string_view::npos; };
    // Words of boot/image.c, boot/image-fdt.c, arch/arm/lib/image.c and cmd/source.c, cmd/fdt.c.
    uboot.has_booti = mentions("Bad Linux ARM64 Image magic!"sv);
    uboot.has_fdt_overlay = mentions("failed on fdt_overlay_apply"sv);
    uboot.has_legacy_image = mentions("\0source\0"sv) && mentions("Legacy Image at"sv);
}

}  // namespace rpixen
