#include <gmock/gmock.h>

#include <random>

#include "devicetree/dtc.hpp"
#include "devicetree/overlay.hpp"
#include "devicetree/reserved_memory.hpp"
#include "devicetree/slack.hpp"

namespace rpixen {
namespace {

using test::dtc;
using test::old_board;
using ::testing::HasSubstr;

Error refusal(ByteView bytes) {
    try {
        DeviceTree::parse(bytes, "bad.dtb");
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::artifact);
        return error;
    }
    throw std::runtime_error("not refused");
}

TEST(HostileTree, RefusesWhatIsNone) {
    EXPECT_THAT(refusal({}).what(), HasSubstr("not a device tree"));
    EXPECT_THAT(refusal(as_bytes("hello, world, this is no device tree at all.")).what(),
                HasSubstr("not a device tree"));
}

TEST(HostileTree, RefusesEveryTruncation) {
    const Bytes tree = dtc(old_board);
    for (std::size_t size = 0; size < tree.size(); size += 7) refusal(ByteView(tree).first(size));
}

TEST(HostileTree, RefusesDeepNesting) {
    std::string source = "/dts-v1/; / {";
    for (int level = 0; level < 100; ++level) source += "a {";
    for (int level = 0; level < 101; ++level) source += "};";
    EXPECT_THAT(refusal(dtc(source)).what(), HasSubstr("nested"));
}

TEST(HostileTree, IgnoresWhatFollows) {
    Bytes tree = dtc(old_board);
    const std::size_t size = tree.size();
    tree.resize(size + 100);
    EXPECT_EQ(DeviceTree::parse(tree, "t").bytes().size(), size);
}

/// Random damage is refused or read, never worse; run with the sanitizers.
TEST(HostileTree, SurvivesRandomDamage) {
    const Bytes base = dtc(old_board, true);
    const Bytes overlay = dtc("/dts-v1/; /plugin/; &pcie0 { l: a { link = <&uart1 &l>; }; };", true);
    const DeviceTree good_base = DeviceTree::parse(base, "b");
    const DeviceTree good_overlay = DeviceTree::parse(overlay, "o");
    std::mt19937 random(4711);
    unsigned read = 0;
    for (int round = 0; round < 6000; ++round) {
        const bool damage_base = round % 2 == 0;
        Bytes damaged = damage_base ? base : overlay;
        for (unsigned count = random() % 4 + 1; count > 0; --count)
            damaged[random() % damaged.size()] = static_cast<std::byte>(random() % 5 == 0 ? 0xff : random() % 32);
        try {
            const DeviceTree tree = DeviceTree::parse(damaged, "damaged");
            ++read;
            static_cast<void>(reserved_memory(tree));
            static_cast<void>(tree.memory_reservations());
            static_cast<void>(tree.compatible_nodes("brcm,bcm2711"));
            static_cast<void>(fragments(tree));
            static_cast<void>(damage_base ? merge(tree, good_overlay, "o") : merge(good_base, tree, "o"));
            static_cast<void>(
                room_needed(damage_base ? tree : good_base, std::span(damage_base ? &good_overlay : &tree, 1)));
        } catch (const Error& error) {
            EXPECT_THAT(error.code(), ::testing::AnyOf(ErrorCode::artifact, ErrorCode::unfit)) << error.what();
        }
    }
    EXPECT_GT(read, 100U);
}

}  // namespace
}  // namespace rpixen
