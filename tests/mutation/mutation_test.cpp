#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "follow/check_card.hpp"
#include "format/crc32.hpp"
#include "format/uboot_script.hpp"
#include "mutation/base_card.hpp"
#include "mutation/ext4_mutation.hpp"
#include "mutation/fat_mutation.hpp"
#include "mutation/table_mutation.hpp"
#include "storage/input_file.hpp"
#include "support/run.hpp"
#include "verify/card_reading.hpp"
#include "verify/compare_images.hpp"

// Whole cards with one structure damaged, as `check` and `verify` read them: never a crash, always a documented error,
// and nothing found only where the field's own checkers find nothing. RPIXEN_MUTATION_COUNT: cards for each structure.
// RPIXEN_MUTATION_FIRST: the number of the first. A crash leaves its card in the test's temporary folder.

namespace rpixen::test {
namespace {

/// What an oracle says of a mutated card.
struct Word {
    bool content = false;
    std::string said;
};

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
    const char* text = std::getenv(name);
    return text ? std::stoull(text) : otherwise;
}

class Mutations : public testing::TestWithParam<BaseCard::Kind> {
  protected:
    using Mutate = std::function<void(Chance&)>;
    using Oracle = std::function<Word()>;
    using Ours = std::function<bool(const Card&)>;

    Mutations() : base_(folder_, GetParam()), card_(base_.card), fat_(base_.fat), ext_(base_.ext) {
        std::filesystem::copy_file(base_.card, folder_ / "sound.img");
        sound_file_ = InputFile::open_file(folder_ / "sound.img");
        sound_ = read_directly(sound_file_, sound_file_->size(), {});
        EXPECT_TRUE(sound_.faults.empty()) << sound_.faults.at(0).what;
    }

    /// Reads, checks and compares the card, which must end as documented; nothing where it is refused.
    std::optional<CardReading> read_mutated() {
        const auto file = InputFile::open_file(base_.card);
        try {
            CardReading reading = read_directly(file, file->size(), {});
            check_card(reading.card);
            compare_images(sound_.card, reading, file->content(), VerifyForm::full, {});
            return reading;
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::artifact) << error.what();
            return std::nullopt;
        }
    }

    /// Mutates `part`, which lies at `offset` of the card, again and again, and holds `ours` against the oracle.
    void hold(MutatedFile& part, std::uint64_t offset, const Mutate& mutate, const Ours& ours, const Oracle& oracle) {
        ASSERT_TRUE(oracle().content) << oracle().said;
        ASSERT_TRUE(ours(sound_.card));
        const std::uint64_t first = from_environment("RPIXEN_MUTATION_FIRST", 0);
        const std::uint64_t count = from_environment("RPIXEN_MUTATION_COUNT", 10);
        std::uint64_t clean = 0;
        for (std::uint64_t number = first; number < first + count; ++number) {
            Chance chance(number);
            for (std::uint64_t more = 1 + chance.below(2); more > 0; --more) mutate(chance);
            if (&part != &card_) part.write_into(card_, offset);
            const auto reading = read_mutated();
            if (reading && ours(reading->card)) {
                ++clean;
                const Word word = oracle();
                EXPECT_TRUE(word.content) << GetParam().name << ", number " << number << "\n"
                                          << part.changes() << word.said;
            }
            part.restore();
            card_.restore();
        }
        RecordProperty("clean", std::to_string(clean));
    }

    void hold_ext(void (Ext4Mutation::*change)()) {
        hold(
            ext_, base_.ext_offset, [&](Chance& chance) { choose(ext_mutation_, chance, change); },
            [&](const Card& card) { return is_clean(card, base_.ext_offset); }, [&] { return e2fsck(); });
    }
    void hold_fat(void (FatMutation::*change)()) {
        hold(
            fat_, base_.fat_offset, [&](Chance& chance) { choose(fat_mutation_, chance, change); },
            [&](const Card& card) { return is_clean(card, base_.fat_offset); }, [&] { return fsck_fat(); });
    }
    void hold_table(void (*change)(MutatedFile&, Chance&)) {
        hold(
            card_, 0, [&](Chance& chance) { change(card_, chance); },
            [](const Card& card) { return card.problems.empty() && card.partitions.size() > 1; },
            [&] { return sfdisk(); });
    }

    template <typename Mutation>
    static void choose(Mutation& mutation, Chance& chance, void (Mutation::*change)()) {
        mutation.begin(chance.below(~std::uint64_t{0}));
        (mutation.*change)();
    }

    static bool is_clean(const Card& card, std::uint64_t offset) {
        for (const Partition& partition : card.partitions)
            if (partition.range.begin == offset)
                return (partition.fat() || partition.ext()) && partition.problems.empty() &&
                       partition.not_proven.empty();
        return false;
    }

    Word e2fsck() const {
        const auto result = run({"timeout", "60", "e2fsck", "-fn", base_.ext});
        Word word{result.status == 0, result.out + result.err};
        if (word.said.find("? no") != std::string::npos || word.said.find("backup blocks") != std::string::npos)
            word.content = false;
        return word;
    }
    Word fsck_fat() const {
        // Fields that neither the firmware nor U-Boot nor Linux looks at: the boot sector's copy of the label; its mark
        // of a mounted FAT, which a card has that was imaged while it was (the table's own marks are told); a folder's
        // size; what is kept free in the entries of a long name.
        static constexpr const char* known[]{"stored in boot sector and different",
                                             "Auto-copying volume label from root directory to boot sector",
                                             "Dirty bit is set",
                                             "Automatically removing dirty bit",
                                             "Directory has non-zero size",
                                             "Reserved field in VFAT long filename slot",
                                             "Start cluster field in VFAT long filename slot",
                                             "Auto-setting to 0"};
        const auto result = run({"timeout", "60", "fsck.fat", "-n", base_.fat});
        Word word{result.status == 0, result.out + result.err};
        if (result.status != 1) return word;
        word.content = true;
        std::istringstream lines(word.said);
        for (std::string line; std::getline(lines, line);) {
            const bool says_nothing = line.empty() || line.starts_with('/') || line.starts_with("fsck.fat ") ||
                                      line.starts_with("Leaving filesystem unchanged");
            const bool is_known = std::any_of(std::begin(known), std::end(known),
                                              [&](const char* words) { return line.find(words) != std::string::npos; });
            word.content = word.content && (says_nothing || is_known);
        }
        return word;
    }
    Word sfdisk() const {
        const auto result = run({"sfdisk", "--verify", base_.card}, {}, {"LC_ALL=C"});
        const std::string said = result.out + result.err;
        return {result.status == 0 && said.find("No errors detected") != std::string::npos, said};
    }

    /// Where a file of the FAT begins in the FAT, and its size.
    std::pair<std::uint64_t, std::uint64_t> file_in_fat(const char* path) const {
        const Partition& boot = *sound_.card.boot_partition();
        const NodeId node = boot.tree.find(path).value();
        return {boot.fat()->places.at(node).extents.at(0).begin - base_.fat_offset, boot.tree.size(node)};
    }

    const TemporaryFolder folder_;
    BaseCard base_;
    MutatedFile card_, fat_, ext_;
    FatMutation fat_mutation_{fat_};
    Ext4Mutation ext_mutation_{ext_};
    std::shared_ptr<const InputFile> sound_file_;
    CardReading sound_;
};

TEST_P(Mutations, OfTheSuperblock) {
    hold_ext(&Ext4Mutation::superblock);
}
TEST_P(Mutations, OfAGroupDescriptor) {
    hold_ext(&Ext4Mutation::group_descriptor);
}
TEST_P(Mutations, OfAnInode) {
    hold_ext(&Ext4Mutation::inode);
}
TEST_P(Mutations, OfABlockMap) {
    hold_ext(&Ext4Mutation::extents);
}
TEST_P(Mutations, OfADirectoryBlock) {
    hold_ext(&Ext4Mutation::directory);
}
TEST_P(Mutations, OfABitmap) {
    hold_ext(&Ext4Mutation::bitmap);
}
TEST_P(Mutations, OfAttributes) {
    hold_ext(&Ext4Mutation::attributes);
}
TEST_P(Mutations, OfTheJournal) {
    hold_ext(&Ext4Mutation::journal);
}
TEST_P(Mutations, OfAFatsBootSector) {
    hold_fat(&FatMutation::boot_sector);
}
TEST_P(Mutations, OfAFatsChains) {
    hold_fat(&FatMutation::chain);
}
TEST_P(Mutations, OfAFatsDirectories) {
    hold_fat(&FatMutation::directory);
}
TEST_P(Mutations, OfThePartitionTable) {
    hold_table(GetParam().gpt ? mutate_gpt : mutate_mbr);
}

TEST_P(Mutations, OfTheBootScript) {
    const auto [place, size] = file_in_fat("/boot.scr");
    const auto script = [&, begin = place, length = size] {
        return fat_.read(begin, static_cast<std::size_t>(length));
    };
    const auto mutate = [&, begin = place, length = size](Chance& chance) {
        const std::uint64_t at = chance.one_in(2) ? chance.below(72) : chance.below(length);
        fat_.set(begin + at, static_cast<std::uint8_t>(chance.value(fat_.number<std::uint8_t>(begin + at), 1)));
        if (chance.one_in(8)) return;
        // Big endian; U-Boot include/image.h, struct legacy_img_hdr.
        Bytes bytes = script();
        store_be(&bytes[24], crc32(ByteView(bytes).subspan(64)));
        store_be(&bytes[4], std::uint32_t{0});
        store_be(&bytes[4], crc32(ByteView(bytes).first(64)));
        fat_.write(begin, bytes);
    };
    const auto oracle = [&] {
        folder_.write("mutated.scr", as_text(script()));
        const auto result = run({"mkimage", "-l", folder_ / "mutated.scr"});
        return Word{result.status == 0, result.out + result.err};
    };
    const auto ours = [](const Card& card) {
        const Partition* boot = card.boot_partition();
        const auto node = boot ? boot->tree.find("/boot.scr") : std::nullopt;
        if (!node) return false;
        const auto found = parse_uboot_script(read_all(boot->tree.content(*node)));
        return found && found->intact();
    };
    hold(fat_, base_.fat_offset, mutate, ours, oracle);
}

TEST_P(Mutations, OfADeviceTree) {
    for (const char* path : {"/bcm2711-rpi-4-b.dtb", "/overlays/x.dtbo"}) {
        const auto [place, size] = file_in_fat(path);
        const auto mutate = [&, begin = place, length = size](Chance& chance) {
            const std::uint64_t at = begin + 4 * (chance.one_in(3) ? chance.below(10) : chance.below(length / 4));
            fat_.set(at + 3, static_cast<std::uint8_t>(chance.value(fat_.number<std::uint8_t>(at + 3), 1)));
            if (chance.one_in(4)) fat_.set(at, static_cast<std::uint8_t>(chance.below(256)));
        };
        // The file system says nothing of it, so it stays as sound as fsck.fat finds it.
        hold(
            fat_, base_.fat_offset, mutate, [&](const Card& card) { return is_clean(card, base_.fat_offset); },
            [&] { return fsck_fat(); });
    }
}

INSTANTIATE_TEST_SUITE_P(Cards, Mutations, testing::ValuesIn(BaseCard::kinds()),
                         [](const auto& kind) { return kind.param.name; });

}  // namespace
}  // namespace rpixen::test
