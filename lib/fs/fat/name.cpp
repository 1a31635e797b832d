#include "fs/fat/name.hpp"

#include <algorithm>
#include <array>

#include "format/utf16.hpp"

namespace rpixen {
namespace {

constexpr std::string_view refused_in_long = "\"*/:<>?\\|";
constexpr std::string_view refused_in_short = "\"*/:<>?\\|+,;=[] .";
/// Where the 13 units of an entry stand.
constexpr std::array<std::size_t, fat_units_per_entry> unit_places{1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30};
constexpr std::uint8_t last_mark = 0x40;

/// The upper half of code page 437, which Linux, too, takes for short names.
constexpr char16_t code_page_437
    [] = u"\u00c7\u00fc\u00e9\u00e2\u00e4\u00e0\u00e5\u00e7\u00ea\u00eb\u00e8\u00ef\u00ee\u00ec\u00c4\u00c5"
         u"\u00c9\u00e6\u00c6\u00f4\u00f6\u00f2\u00fb\u00f9\u00ff\u00d6\u00dc\u00a2\u00a3\u00a5\u20a7\u0192"
         u"\u00e1\u00ed\u00f3\u00fa\u00f1\u00d1\u00aa\u00ba\u00bf\u2310\u00ac\u00bd\u00bc\u00a1\u00ab\u00bb"
         u"\u2591\u2592\u2593\u2502\u2524\u2561\u2562\u2556\u2555\u2563\u2551\u2557\u255d\u255c\u255b\u2510"
         u"\u2514\u2534\u252c\u251c\u2500\u253c\u255e\u255f\u255a\u2554\u2569\u2566\u2560\u2550\u256c\u2567"
         u"\u2568\u2564\u2565\u2559\u2558\u2552\u2553\u256b\u256a\u2518\u250c\u2588\u2584\u258c\u2590\u2580"
         u"\u03b1\u00df\u0393\u03c0\u03a3\u03c3\u00b5\u03c4\u03a6\u0398\u03a9\u03b4\u221e\u03c6\u03b5\u2229"
         u"\u2261\u00b1\u2265\u2264\u2320\u2321\u00f7\u2248\u00b0\u2219\u00b7\u221a\u207f\u00b2\u25a0\u00a0";

char upper(char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

bool short_character(char c) {
    return static_cast<unsigned char>(c) > ' ' && static_cast<unsigned char>(c) < 0x7f &&
           refused_in_short.find(c) == std::string_view::npos;
}

FatShortName padded(std::string_view name, std::string_view extension) {
    FatShortName result;
    result.fill(' ');
    std::copy(name.begin(), name.end(), result.begin());
    std::copy(extension.begin(), extension.end(), result.begin() + 8);
    return result;
}

/// The specification's "basis name": upper case without spaces and leading dots, '_' for what an 8.3 name
/// cannot hold.
std::pair<std::string, std::string> basis(std::string_view name) {
    name.remove_prefix(std::min(name.find_first_not_of(". "), name.size()));
    const std::size_t dot = name.rfind('.');
    const auto convert = [](std::string_view part, std::size_t length) {
        std::string converted;
        for (const char c : part) {
            if (c == ' ' || c == '.' || converted.size() == length) continue;
            // A character of several bytes in UTF-8 becomes one '_'.
            if ((static_cast<unsigned char>(c) & 0xc0U) == 0x80U) continue;
            converted += short_character(c) ? upper(c) : '_';
        }
        return converted;
    };
    if (dot == std::string_view::npos) return {convert(name, 8), {}};
    return {convert(name.substr(0, dot), 8), convert(name.substr(dot + 1), 3)};
}

/// Simple upper-casing of the Basic Multilingual Plane's cased alphabets, without regard to any locale.
char16_t folded(char16_t c) {
    const auto in = [c](unsigned first, unsigned last) { return c >= first && c <= last; };
    const auto minus = [c](unsigned distance) { return static_cast<char16_t>(c - distance); };
    const auto even = [c] { return static_cast<char16_t>(c & ~1U); };
    const auto odd = [c] { return static_cast<char16_t>((c - 1U) | 1U); };
    if (in('a', 'z') || (in(0xe0, 0xfe) && c != 0xf7)) return minus(32);
    if (c == 0xff) return 0x178;
    if (c == 0x131 || c == 0x17f || c == 0x138) return c;
    if (in(0x100, 0x137) || in(0x14a, 0x177)) return even();
    if (in(0x139, 0x148) || in(0x179, 0x17e)) return odd();
    if (c == 0x3ac) return 0x386;
    if (in(0x3ad, 0x3af)) return minus(37);
    if (c == 0x3c2) return 0x3a3;
    if (in(0x3b1, 0x3cb)) return minus(32);
    if (c == 0x3cc) return 0x38c;
    if (in(0x3cd, 0x3ce)) return minus(63);
    if (in(0x430, 0x44f)) return minus(32);
    if (in(0x450, 0x45f)) return minus(80);
    if (in(0x460, 0x481) || in(0x48a, 0x4bf) || in(0x4d0, 0x52f)) return even();
    if (in(0x4c1, 0x4ce)) return odd();
    if (in(0x561, 0x586)) return minus(48);
    if (in(0x1e00, 0x1e95) || in(0x1ea0, 0x1eff)) return even();
    if (in(0xff41, 0xff5a)) return minus(32);
    return c;
}

}  // namespace

std::string fat_name_fault(std::string_view name) {
    const auto units = utf16_from_utf8(name);
    if (!units) return "bytes that are no UTF-8";
    if (units->empty()) return "no character";
    if (units->size() > fat_long_name_units) return std::to_string(units->size()) + " UTF-16 units";
    for (const char c : name) {
        if (static_cast<unsigned char>(c) < ' ') return "a control character";
        if (refused_in_long.find(c) != std::string_view::npos) return std::string("the character '") + c + "'";
    }
    if (name.back() == '.') return "a dot at its end";
    if (name.back() == ' ') return "a space at its end";
    return {};
}

std::u16string fat_folded(std::u16string_view name) {
    std::u16string result(name);
    std::transform(result.begin(), result.end(), result.begin(), folded);
    return result;
}

std::optional<FatShortName> fat_exact_short_name(std::string_view name) {
    const std::size_t dot = name.rfind('.');
    const std::string_view base = name.substr(0, dot);
    const std::string_view extension = dot == std::string_view::npos ? std::string_view{} : name.substr(dot + 1);
    if (base.empty() || base.size() > 8 || extension.size() > 3 || (dot != std::string_view::npos && extension.empty()))
        return std::nullopt;
    if (!std::all_of(base.begin(), base.end(), short_character) ||
        !std::all_of(extension.begin(), extension.end(), short_character))
        return std::nullopt;
    FatShortName result = padded(base, extension);
    std::transform(result.begin(), result.end(), result.begin(), upper);
    return result;
}

std::string format_fat_short_name(const FatShortName& name) {
    const auto part = [&](std::size_t begin, std::size_t length) {
        const std::string_view text(name.data() + begin, length);
        return std::string(text.substr(0, text.find_last_not_of(' ') + 1));
    };
    const std::string extension = part(8, 3);
    return extension.empty() ? part(0, 8) : part(0, 8) + "." + extension;
}

bool fat_short_name_suffices(std::string_view name) {
    const auto exact = fat_exact_short_name(name);
    return exact && format_fat_short_name(*exact) == name;
}

std::optional<FatShortName> FatShortNames::make(std::string_view name) {
    const auto [base, extension] = basis(name);
    std::uint32_t limit = 9;
    for (std::size_t digits = 1; digits <= 6; ++digits, limit = limit * 10 + 9) {
        const std::string cut = base.substr(0, 7 - digits);
        std::uint32_t& number = next_.try_emplace({cut + std::string(digits, '~'), extension}, limit / 10 + 1)
                                    .first->second;
        while (number <= limit) {
            const FatShortName candidate = padded(cut + "~" + std::to_string(number++), extension);
            if (taken_.insert(candidate).second) return candidate;
        }
    }
    return std::nullopt;
}

std::uint8_t fat_checksum(const FatShortName& name) {
    unsigned sum = 0;
    for (const char c : name) sum = (((sum & 1U) << 7 | sum >> 1) + static_cast<unsigned char>(c)) & 0xffU;
    return static_cast<std::uint8_t>(sum);
}

void store_fat_long_name(std::byte* bytes, std::u16string_view name, std::uint8_t checksum) {
    const std::size_t count = fat_long_entries(name.size());
    for (std::size_t number = count; number > 0; --number, bytes += FatEntry::size_on_disk) {
        std::fill_n(bytes, FatEntry::size_on_disk, std::byte{0});
        store_le(bytes, static_cast<std::uint8_t>(number | (number == count ? last_mark : 0U)));
        store_le(bytes + 11, FatAttribute::long_name);
        store_le(bytes + 13, checksum);
        for (std::size_t index = 0; index < fat_units_per_entry; ++index) {
            const std::size_t place = (number - 1) * fat_units_per_entry + index;
            // Behind the name stands one 0, behind that 0xffff.
            const unsigned unit = place < name.size() ? name[place] : place == name.size() ? 0U : 0xffffU;
            store_le(bytes + unit_places[index], static_cast<std::uint16_t>(unit));
        }
    }
}

FatLongEntry parse_fat_long_entry(const std::byte* bytes) {
    FatLongEntry entry;
    const auto first = load_le<std::uint8_t>(bytes);
    entry.number = first & 0x3fU;
    entry.last = (first & last_mark) != 0;
    entry.checksum = load_le<std::uint8_t>(bytes + 13);
    for (const std::size_t place : unit_places) {
        const auto unit = static_cast<char16_t>(load_le<std::uint16_t>(bytes + place));
        if (unit == 0) break;
        entry.units += unit;
    }
    return entry;
}

std::string fat_name_text(const FatEntry& entry) {
    const auto part = [&](std::size_t begin, std::size_t length, bool lower) {
        std::u16string text;
        for (std::size_t index = begin; index < begin + length; ++index) {
            auto byte = static_cast<unsigned char>(entry.name[index]);
            // 0xe5 marks a deleted entry, so a name that begins with it has 5 there.
            if (index == 0 && byte == 5) byte = 0xe5;
            if (lower && byte >= 'A' && byte <= 'Z') byte = static_cast<unsigned char>(byte - 'A' + 'a');
            text += byte < 0x80 ? static_cast<char16_t>(byte) : code_page_437[byte - 0x80];
        }
        return text.substr(0, text.find_last_not_of(u' ') + 1);
    };
    const std::u16string base = part(0, 8, (entry.lower_case & 8U) != 0);
    const std::u16string extension = part(8, 3, (entry.lower_case & 16U) != 0);
    return utf8_from_utf16(extension.empty() ? base : base + u"." + extension);
}

void FatLongName::add(const FatLongEntry& entry) {
    if (entry.last) {
        begun_ = true;
        expected_ = entry.number;
        checksum_ = entry.checksum;
        units_.clear();
    }
    if (!begun_ || entry.number != expected_ || entry.number == 0 || entry.checksum != checksum_) {
        broken_ = true;
        begun_ = false;
        return;
    }
    units_ = entry.units + units_;
    --expected_;
}

std::optional<std::string> FatLongName::take(const FatShortName& short_name) {
    const bool whole = begun_ && expected_ == 0 && checksum_ == fat_checksum(short_name);
    broken_ = broken_ || (begun_ && !whole);
    begun_ = false;
    if (!whole) return std::nullopt;
    return utf8_from_utf16(units_);
}

bool FatLongName::was_broken() {
    const bool broken = broken_ || begun_;
    broken_ = false;
    begun_ = false;
    return broken;
}

}  // namespace rpixen
