#include "devicetree/slack.hpp"

#include <gmock/gmock.h>

#include "devicetree/dtc.hpp"

namespace rpixen {
namespace {

using test::old_board;
using test::tree_of;

const char* const overlay_source = R"(/dts-v1/; /plugin/;
/ { fragment@0 { target-path = "/chosen"; __overlay__ { note = "0123456789012345678901234567890123456789"; }; }; };
)";

TEST(Slack, FollowsUBootsFormula) {
    const DeviceTree tree = tree_of(old_board);
    const std::uint64_t used = tree.used_size();
    for (const std::uint64_t address : {0x2600000ULL, 0x2eff5a00ULL, 0x5600ff8ULL})
        for (const std::uint64_t extra : {0ULL, 0x1000ULL, 0x1234ULL}) {
            const std::uint64_t total = resized_total(tree, address, extra);
            EXPECT_EQ((address + total) % 0x1000, 0U);
            EXPECT_GE(total, used + 80 + extra);
            EXPECT_LT(total, used + 80 + extra + 0x1000);
            EXPECT_EQ(resize_slack(tree, address, extra), total - used);
        }
}

TEST(Slack, LeastOverAllAddressesIsBetween80And88) {
    const std::uint64_t least = least_resize_slack(tree_of(old_board), 0);
    EXPECT_GE(least, 80U);
    EXPECT_LT(least, 88U);
    EXPECT_GE(least_resize_slack(tree_of(old_board), 0x400), 0x450U);
}

TEST(Slack, RoomIsTheSmallestThatWorks) {
    const DeviceTree base = tree_of(old_board);
    const DeviceTree overlay = tree_of(overlay_source);
    const std::uint64_t room = room_needed(base, std::span(&overlay, 1));
    // One property of 41 bytes, its header of 12, its name in the strings block.
    EXPECT_EQ(room, 12U + 44U + 5U);
    // An address where bare `fdt resize` leaves less fails, one where it leaves more works.
    unsigned failures = 0;
    for (std::uint64_t address = 0; address < 0x1000; address += 8) {
        const bool enough = resize_slack(base, address, 0) >= room;
        EXPECT_EQ(applies_after_resize(base, std::span(&overlay, 1), address, 0), enough);
        failures += !enough;
    }
    EXPECT_EQ(failures, 0U);
    const std::vector<DeviceTree> many(4, tree_of(R"(/dts-v1/; /plugin/;
        / { fragment@0 { target-path = "/chosen"; __overlay__ { a { b = <1 2 3 4 5 6 7 8 9 10>; }; }; }; };)"));
    EXPECT_EQ(room_needed(base, many), room_needed(base, std::span(many).first(1)));
}

TEST(Slack, RoomOfAnOverlayThatNeverFitsIsRefused) {
    const DeviceTree overlay = tree_of(
        "/dts-v1/; /plugin/; / { fragment@0 { target-path = \"/none\"; __overlay__ { a; }; }; };");
    EXPECT_THROW(room_needed(tree_of(old_board), std::span(&overlay, 1)), Error);
}

}  // namespace
}  // namespace rpixen
