#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "fs/fat/boot_sector.hpp"

namespace rpixen {

/// A long name has at most 255 UTF-16 units, 13 in each directory entry.
inline constexpr std::size_t fat_long_name_units = 255;
inline constexpr std::size_t fat_units_per_entry = 13;

/// Why a FAT cannot store a name: "the character ':'", "a dot at its end", ...; empty where it can.
std::string fat_name_fault(std::string_view name);

/// As FAT drivers compare names: without regard to case, for the letters of ASCII, Latin, Greek, Cyrillic and
/// Armenian.
std::u16string fat_folded(std::u16string_view name);

/// The 8.3 name of a name that fits one when in upper case ("config.txt" -> "CONFIG  TXT"); nothing
/// otherwise.
std::optional<FatShortName> fat_exact_short_name(std::string_view name);

/// "CONFIG.TXT"
std::string format_fat_short_name(const FatShortName& name);

/// The name needs no long name beside its short one: it is 8.3 and in upper case.
bool fat_short_name_suffices(std::string_view name);

/// The short names of one directory: unique, and the same for the same names in the same order.
class FatShortNames {
  public:
    /// Keeps an exact name; all of them before the first make().
    void claim(const FatShortName& name) { taken_.insert(name); }
    /// "BCM271~1DTB": upper case, what does not fit replaced, with the lowest free number. Nothing where a
    /// directory has run out of numbers.
    std::optional<FatShortName> make(std::string_view name);

  private:
    std::set<FatShortName> taken_;
    std::map<std::pair<std::string, std::string>, std::uint32_t> next_;  ///< number for a cut name and its extension
};

/// Ties the entries of a long name to its short one.
std::uint8_t fat_checksum(const FatShortName& name);

/// Directory entries that a long name takes.
constexpr std::size_t fat_long_entries(std::size_t units) {
    return (units + fat_units_per_entry - 1) / fat_units_per_entry;
}

/// Writes the entries of a long name, the last part first; `bytes` has 32 for each.
void store_fat_long_name(std::byte* bytes, std::u16string_view name, std::uint8_t checksum);

/// One entry of a long name.
struct FatLongEntry {
    unsigned number = 0;  ///< from 1
    bool last = false;    ///< holds the name's end, and comes first
    std::uint8_t checksum = 0;
    std::u16string units;  ///< up to the end mark
};
FatLongEntry parse_fat_long_entry(const std::byte* bytes);

/// The name of an entry without a long one, as UTF-8: Windows NT's marks for lower case are obeyed, bytes
/// beyond ASCII are taken for code page 437, as Linux does.
std::string fat_name_text(const FatEntry& entry);

/// Puts the entries of a long name together, which come last part first, before the short entry.
class FatLongName {
  public:
    void add(const FatLongEntry& entry);
    /// The name for the short entry that follows; nothing where there is none or it belongs to another entry.
    std::optional<std::string> take(const FatShortName& short_name);
    /// A part was found that belongs to no entry; asked once for each entry.
    bool was_broken();

  private:
    bool begun_ = false;
    bool broken_ = false;
    unsigned expected_ = 0;
    std::uint8_t checksum_ = 0;
    std::u16string units_;
};

}  // namespace rpixen
