#include "emulator/card_guests.hpp"

#include <gmock/gmock.h>

#include <rpixen/error.hpp>

#include "support/run.hpp"

namespace rpixen {
namespace {

std::string compiled(const std::string& source) {
    return test::run_ok({"dtc", "-q", "-I", "dts", "-O", "dtb"}, source);
}

Card card_of(std::initializer_list<std::pair<const char*, std::string>> boot,
             std::initializer_list<std::pair<const char*, std::string>> root = {}) {
    Card card;
    card.partitions.reserve(2);
    Partition& fat = card.partitions.emplace_back();
    fat.number = 1;
    fat.file_system = Fat{};
    for (const auto& [path, text] : boot) fat.tree.add_file(fat.tree.locate(path), {}, memory_content(text, path));
    Partition& ext = card.partitions.emplace_back();
    ext.number = 2;
    ext.file_system = Ext{};
    for (const auto& [path, text] : root) ext.tree.add_file(ext.tree.locate(path), {}, memory_content(text, path));
    return card;
}

const std::string
    two = "web { compatible = \"xen,domain\"; label = \"shop\"; }; domU2 { compatible = \"xen,domain\"; };";

TEST(CardGuests, AreFoundInATree) {
    const Card card = card_of({{"b.dtb", compiled("/dts-v1/; / { chosen { " + two + " }; };")}, {"c.dtb", "damaged"}});
    const auto guests = guests_of(card);
    EXPECT_EQ(number_of_guest(guests, "shop", "card"), 1U);
    EXPECT_EQ(number_of_guest(guests, "domU2", "card"), 2U);
}

TEST(CardGuests, AreTurnedRoundInAnOverlay) {
    const Card card = card_of(
        {{"overlays/x.dtbo", compiled("/dts-v1/; /plugin/; / { fragment@0 { target-path = \"/chosen\"; __overlay__ { " +
                                      two + " }; }; };")}});
    EXPECT_EQ(number_of_guest(guests_of(card), "domU2", "card"), 1U);
    EXPECT_EQ(number_of_guest(guests_of(card), "shop", "card"), 2U);
}

TEST(CardGuests, OfXlAreThoseThatStartByThemselves) {
    const Card card = card_of({}, {{"etc/xen/auto/db.cfg", "vcpus = 1\n"},
                                   {"etc/xen/auto/10-shop.cfg", "name = 'shop'\n"},
                                   {"etc/xen/other.cfg", "name = 'other'\n"}});
    EXPECT_EQ(number_of_guest(guests_of(card), "db", "card"), 0U) << "it has no other name";
    EXPECT_EQ(number_of_guest(guests_of(card), "shop", "card"), 0U) << "xl and the console call it so";
    EXPECT_THROW(number_of_guest(guests_of(card), "10-shop", "card"), Error);
    EXPECT_THROW(number_of_guest(guests_of(card), "other", "card"), Error);
}

}  // namespace
}  // namespace rpixen
