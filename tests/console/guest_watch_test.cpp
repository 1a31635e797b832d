#include "console/guest_watch.hpp"

#include <gmock/gmock.h>

#include "console/serial_watch.hpp"

namespace rpixen {
namespace {

using testing::HasSubstr;

TEST(GuestLine, TellsWhoseALineIs) {
    EXPECT_EQ(guest_line("(XEN) DOM1: Linux version 6.1")->number, 1U);
    EXPECT_EQ(guest_line("(XEN) DOM1: Linux version 6.1")->said, "Linux version 6.1");
    EXPECT_EQ(guest_line("(d12) hello")->number, 12U);
    EXPECT_EQ(guest_line("(web-1) hello")->name, "web-1");
    EXPECT_EQ(guest_line("(web-1) hello")->said, "hello");
    for (const char* line : {"(XEN) Xen version 4.17", "(XEN) DOM0: x", "(d0) x", "hello", "", "(none) login:",
                             "(two words) x", "(web)x", "(XEN) *** Serial input to DOM1 (type 'CTRL-a' three times)"})
        EXPECT_FALSE(guest_line(line)) << line;
}

TEST(GuestWatch, HearsAGuestOfXen) {
    GuestWatch watch({"web", false}, 1);
    watch.feed("(XEN) DOM2: [    0.000000] Booting Linux\r\n(XEN) DOM1: [    0.0");
    EXPECT_FALSE(watch.spoke());
    watch.feed("00000] Booting Linux on physical CPU 0x0\r\n");
    EXPECT_TRUE(watch.reached());
    EXPECT_THAT(watch.evidence(), HasSubstr("Booting Linux"));
    GuestWatch newer({"web", false}, 1);
    newer.feed("(d1) Booting Linux\n");
    EXPECT_TRUE(newer.reached());
}

TEST(GuestWatch, HearsAGuestOfXlByItsName) {
    GuestWatch watch({"db", true}, 0);
    watch.feed("(web) Linux version 6.1\n");
    EXPECT_FALSE(watch.spoke());
    watch.feed("(db) Linux version 6.1\n");
    EXPECT_TRUE(watch.spoke());
    EXPECT_FALSE(watch.reached());
    EXPECT_EQ(watch.keys(), "") << "xl's guests are not on Xen's input";
    watch.feed("(db) db login: \n");
    EXPECT_TRUE(watch.reached());
}

TEST(GuestWatch, TypesUntilXenPassesOnThePrompt) {
    GuestWatch watch({"web", true}, 2);
    EXPECT_EQ(watch.keys(), "") << "nobody is there yet";
    watch.feed("(XEN) DOM2: Linux version 6.1\n");
    EXPECT_EQ(watch.keys(), "\x01\x01\x01");
    watch.feed("(XEN) *** Serial input to DOM1 (type 'CTRL-a' three times to switch input)\n");
    EXPECT_EQ(watch.keys(), "\x01\x01\x01");
    watch.feed("guest login: of another\n");
    EXPECT_FALSE(watch.reached());
    watch.feed("(XEN) *** Serial input to DOM2 (type 'CTRL-a' three times to switch input)\n");
    EXPECT_EQ(watch.keys(), "\r");
    watch.feed("guest login: \n");
    EXPECT_TRUE(watch.reached());
    EXPECT_EQ(watch.keys(), "");
}

TEST(GuestWatch, TellsOfAPanic) {
    GuestWatch watch({"web", true}, 1);
    watch.feed("(XEN) DOM1: Kernel panic - not syncing: VFS: Unable to mount root fs\n");
    EXPECT_THAT(watch.failure(), HasSubstr("Unable to mount root"));
    GuestWatch other({"db", true}, 0);
    other.feed("libxl: error: libxl_create.c:651:libxl__domain_make: domain creation fail: Cannot allocate memory\n");
    EXPECT_EQ(other.failure(), "");
    EXPECT_THAT(other.evidence(), HasSubstr("Cannot allocate memory"));
}

/// What a guest says is none of the board's own boot.
TEST(SerialWatch, PassesOverGuests) {
    SerialWatch watch;
    watch.feed(
        "(XEN) Xen version 4.17\n(XEN) DOM1: web login: \n(d1) Kernel panic - not syncing: x\n(db) db login: \n");
    EXPECT_EQ(watch.stage(), BootStage::xen);
    EXPECT_FALSE(watch.failure());
}

TEST(GuestGoal, HasAWord) {
    EXPECT_EQ(parse_guest_goal("guest:web")->word(), "guest:web");
    EXPECT_EQ(parse_guest_goal("guest-login:web")->word(), "guest-login:web");
    EXPECT_TRUE(parse_guest_goal("guest-login:web")->login);
    for (const char* word : {"login", "guest", "guest:", "guest-login:", ""})
        EXPECT_FALSE(parse_guest_goal(word)) << word;
}

}  // namespace
}  // namespace rpixen
