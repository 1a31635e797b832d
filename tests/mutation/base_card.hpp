#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "base/size.hpp"
#include "support/temporary_folder.hpp"

namespace rpixen::test {

/// A small card by the field's own tools: sfdisk, mkfs.vfat, mtools, mke2fs, debugfs.
struct BaseCard {
    struct Kind {
        std::string name;
        bool gpt = false;
        unsigned fat_bits = 12;
        std::uint64_t fat_size = 256 * KiB;
        std::vector<std::string> ext;  ///< options of mke2fs
        std::uint64_t ext_size = 3 * MiB;
    };
    static const std::vector<Kind>& kinds();

    BaseCard(const TemporaryFolder& folder, const Kind& kind);

    std::string card, fat, ext;  ///< paths of the card and of its file systems alone
    std::uint64_t fat_offset = 64 * KiB;
    std::uint64_t ext_offset = 0;
};

inline void PrintTo(const BaseCard::Kind& kind, std::ostream* out) {
    *out << kind.name;
}

}  // namespace rpixen::test
