#include "release/page.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <clocale>

#include <rpixen/error.hpp>

#include "release/html.hpp"
#include "release/made_release.hpp"
#include "support/run.hpp"

namespace rpixen {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

/// Every tag with its attributes as a browser's tokenizer sees them, a line each, by Python's own parser: "tag
/// attribute=value".
std::vector<std::string> attributes(const std::string& page) {
    const std::string lines = test::run_ok({"python3", "-c",
                                            "import sys, html.parser\n"
                                            "class P(html.parser.HTMLParser):\n"
                                            " def handle_starttag(self, tag, attrs):\n"
                                            "  print(ascii(tag))\n"
                                            "  for name, value in attrs: print(ascii(f'{tag} {name}={value}'))\n"
                                            "P().feed(sys.stdin.buffer.read().decode())\n"},
                                           page);
    std::vector<std::string> all;
    for (std::size_t begin = 0; begin < lines.size();) {
        const std::size_t end = lines.find('\n', begin);
        all.push_back(lines.substr(begin + 1, end - begin - 2));
        begin = end + 1;
    }
    return all;
}

std::ptrdiff_t count(const std::vector<std::string>& tags, const std::string& tag) {
    return std::count(tags.begin(), tags.end(), tag);
}

/// What would make a browser ask for something, or run something.
std::vector<std::string> requests(const std::string& page) {
    std::vector<std::string> found;
    for (const std::string& line : attributes(page)) {
        const std::size_t space = line.find(' ');
        const std::string name = space == std::string::npos ? "" : line.substr(space + 1, line.find('=') - space - 1);
        const bool allowed = line.starts_with("a href=") || line == "link href=data:,";
        const bool asks = name == "src" || name == "href" || name == "srcset" || name == "xlink:href" ||
                          name == "data" || name == "action" || name == "background" || name == "poster" ||
                          name == "style";
        if ((asks && !allowed) || name.starts_with("on") || line == "script" || line == "iframe" || line == "img" ||
            line == "object" || line == "base" || line == "meta http-equiv=refresh")
            found.push_back(line);
    }
    return found;
}

TEST(ReleasePage, HasEveryPart) {
    const std::string page = release_page(test::made_release());
    for (const char* text : {
             "<title>debian-bookworm: Xen for the Raspberry Pi 4</title>",
             "Xen 4.17.5 starts Debian GNU/Linux 12 (bookworm) as dom0, with Linux 6.1.0-37-arm64.",
             "with 1 warning",
             // getting, proving and writing it
             "href=\"https://cards.example.org/2026-11/debian-bookworm.img.zst\"",
             "128 MiB (784 MiB unpacked)",
             "sha256sum --ignore-missing --check SHA256SUMS",
             "rpixen-img verify-release . --key publisher.pem",
             "openssl pkeyutl -verify -pubin -inkey publisher.pem -rawin",
             "rpixen-img flash debian-bookworm.img.zst /dev/sdX",
             "bmaptool copy --bmap debian-bookworm.img.bmap",
             "rpi-imager --repo https://cards.example.org/2026-11/debian-bookworm.rpi-imager.json",
             "zstdcat debian-bookworm.img.zst |\n    sudo dd iflag=fullblock of=/dev/sdX",
             // the card
             "aria-label=\"Layout\"",
             "aria-label=\"Memory when Xen is started\"",
             "0x480000 - 0x2480000, 32 MiB",
             "moved from 0x2400000: memory-overlap",
             "does not start",
             "enable_uart=1",
             "|| echo no Xen",
             // what was found and what it was made of
             "<article class=\"finding warning\">",
             "dom0-mem-excludes-boards",
             "The long story",
             "2 notes",
             "vmlinuz-6.1.0-37-arm64 → /Image",
             ">u-boot.bin</td>",
             "rootfs.tar.zst (zstd)",
             "12 packages are installed",
             "rpmdb.sqlite is damaged",
             "rpixen-img verify /dev/sdX --report debian-bookworm.report.json",
             "xen-utils-4.17",
             "prefers-color-scheme: dark",
             "width=device-width",
         })
        EXPECT_THAT(page, HasSubstr(text));
    EXPECT_THAT(page, Not(HasSubstr("{{")));
}

TEST(ReleasePage, TellsTheStoryOfEveryRule) {
    ReleaseFacts facts = test::made_release();
    facts.card.diagnostics.clear();
    for (const DiagnosticRule& rule : diagnostic_rules()) {
        Diagnostic& one = facts.card.diagnostics.emplace_back();
        one.id = rule.id;
        one.severity = rule.severity;
    }
    const std::string page = release_page(facts);
    const std::vector<std::string> tags = attributes(page);
    EXPECT_EQ(count(tags, "article"), static_cast<std::ptrdiff_t>(diagnostic_rules().size()));
    EXPECT_GE(count(tags, "details"), static_cast<std::ptrdiff_t>(diagnostic_rules().size()));
    EXPECT_THAT(page, HasSubstr("released in spite of"));
}

TEST(ReleasePage, AsksForNothing) {
    EXPECT_THAT(requests(release_page(test::made_release())), testing::IsEmpty());
    EXPECT_THAT(release_page(test::made_release()), HasSubstr("default-src 'none'"));
    EXPECT_THAT(requests("<p><img src=a><script>1</script><a onclick=b href=c>"), testing::SizeIs(4)) << "it is seen";
}

TEST(ReleasePage, ForeignBytesAreText) {
    const std::string page = release_page(test::hostile_release());
    EXPECT_THAT(requests(page), testing::IsEmpty());
    EXPECT_THAT(page, AllOf(Not(HasSubstr("<script")), Not(HasSubstr("<img")), Not(HasSubstr("\xff")),
                            Not(HasSubstr("\x1b")), Not(HasSubstr("\xe2\x80\xae")), HasSubstr("&lt;script")));
    // The same elements in the same number: nothing was closed or opened by what came in.
    const auto opened = [](const std::string& html) {
        std::vector<std::string> tags;
        for (const std::string& line : attributes(html))
            if (line.find(' ') == std::string::npos) tags.push_back(line);
        return tags;
    };
    const std::vector<std::string> tags = opened(page);
    for (const char* tag : {"html", "head", "body", "style", "main", "footer"}) EXPECT_EQ(count(tags, tag), 1) << tag;
    EXPECT_EQ(count(tags, "tr"), 3 + 8 + 13) << "boards, artifacts and packages with their heads";
    EXPECT_EQ(count(tags, "svg"), 5);
    test::run_ok({"python3", "-c", "import sys; sys.stdin.buffer.read().decode()"}, page);  // UTF-8
}

TEST(ReleasePage, AnAddressThatIsNoneIsNoLink) {
    ReleaseFacts facts = test::made_release();
    facts.url = "javascript:alert(1)//";
    EXPECT_THAT(release_page(facts),
                AllOf(Not(HasSubstr("href=\"javascript")), HasSubstr("<a href=\"debian-bookworm.img.zst\">")));
    facts.download.name = "a:b c.img";
    EXPECT_THAT(release_page(facts),
                AllOf(HasSubstr("<a href=\"a%3Ab%20c.img\">"), HasSubstr("flash &#39;a:b c.img&#39; /dev/sdX")));
}

TEST(ReleasePage, AReleaseThatSaysLittle) {
    ReleaseFacts facts;
    facts.name = "bare";
    facts.image = facts.download = {"bare.img", 1 << 20, ""};
    facts.block_map = "bare.img.bmap";
    const std::string page = release_page(facts);
    EXPECT_THAT(page, AllOf(HasSubstr("sudo dd if=bare.img"), HasSubstr("no package database"),
                            HasSubstr("Xen starts Linux as dom0."), HasSubstr("Nothing was found"),
                            Not(HasSubstr("rpi-imager --repo"))));
    facts.card.not_followed = "grub";
    EXPECT_THAT(release_page(facts), AllOf(HasSubstr("is open: grub"), Not(HasSubstr("The boot was followed"))));
}

TEST(ReleasePage, TheSameFactsGiveTheSamePage) {
    const std::string page = release_page(test::made_release());
    ::setenv("TZ", "Asia/Tokyo", 1);
    EXPECT_EQ(release_page(test::made_release()), page);
    ::unsetenv("TZ");
    EXPECT_LT(page.size(), 200'000U);
}

TEST(ReleasePage, ATemplateAndItsSlotsBelongTogether) {
    EXPECT_EQ(fill_template("a {{x}} b {{y}}{{x}}", {{"x", "{{y}}"}, {"y", "2"}}), "a {{y}} b 2{{y}}");
    EXPECT_THROW(fill_template("{{x}}", {}), Error);
    EXPECT_THROW(fill_template("", {{"x", "1"}}), Error);
    EXPECT_THROW(fill_template("{{x", {{"x", "1"}}), Error);
}

TEST(ReleasePage, AShellReadsAWordAsItWas) {
    for (const std::string name : {"a.img.zst", "a b", "it's", "$(id)`id`\\", "ä", "a\nb"})
        EXPECT_EQ(test::run_ok({"sh", "-c", "printf %s " + shell_word(name)}), name);
}

}  // namespace
}  // namespace rpixen
