#include "format/fit_image.hpp"

#include <gtest/gtest.h>

#include "support/run.hpp"
#include "support/temporary_folder.hpp"

namespace rpixen {
namespace {

class FitImageTest : public ::testing::Test {
  protected:
    /// By mkimage, with the data inside the tree or behind it.
    Content make(bool outside) {
        const std::string source = folder.write(
            "boot.its",
            "/dts-v1/; / { description = \"x\"; #address-cells = <1>; images {"
            " a { description = \"a\"; data = /incbin/(\"" +
                folder.write("a", std::string(5000, 'a')) +
                "\"); type = \"kernel\"; arch = \"arm64\"; os = \"linux\"; compression = \"none\"; load = <0x200000>; "
                "entry = <0x200000>; hash-1 { algo = \"crc32\"; }; };"
                " b { description = \"b\"; data = /incbin/(\"" +
                folder.write("b", std::string(301, 'b')) +
                "\"); type = \"ramdisk\"; arch = \"arm64\"; os = \"linux\"; compression = \"gzip\"; };"
                "}; configurations { default = \"two\"; one { kernel = \"b\"; };"
                " two { kernel = \"a\"; ramdisk = \"b\"; loadables = \"a\", \"b\"; }; }; };");
        std::vector<std::string> command{"mkimage", "-f", source};
        if (outside) command.insert(command.begin() + 1, "-E");
        command.push_back(folder / "boot.fit");
        test::run_ok(command);
        return memory_content(test::read_file(folder.path() / "boot.fit"), "boot.fit");
    }

    test::TemporaryFolder folder;
};

TEST_F(FitImageTest, ReadsWhatMkimageWrites) {
    for (const bool outside : {false, true}) {
        SCOPED_TRACE(outside);
        const Content file = make(outside);
        const auto fit = parse_fit_image(file);
        ASSERT_TRUE(fit);
        ASSERT_EQ(fit->parts.size(), 2U);
        const FitPart* a = fit->find("a");
        ASSERT_TRUE(a);
        EXPECT_EQ(a->type, "kernel");
        EXPECT_EQ(a->architecture, "arm64");
        EXPECT_EQ(a->load, 0x200000U);
        EXPECT_EQ(as_text(read_all(part_of(file, a->data.begin, a->data.size()))), std::string(5000, 'a'));
        const FitPart* b = fit->find("b");
        ASSERT_TRUE(b);
        EXPECT_EQ(b->compression, "gzip");
        EXPECT_FALSE(b->load);
        EXPECT_EQ(as_text(read_all(part_of(file, b->data.begin, b->data.size()))), std::string(301, 'b'));
        EXPECT_FALSE(fit->find("c"));
        ASSERT_TRUE(fit->configuration(""));
        EXPECT_EQ(fit->configuration("")->name, "two");
        EXPECT_EQ(fit->configuration("")->ramdisk, "b");
        EXPECT_EQ(fit->configuration("")->loadables, (std::vector<std::string>{"a", "b"}));
        EXPECT_EQ(fit->configuration("one")->kernel, "b");
        EXPECT_FALSE(fit->configuration("three"));
    }
}

TEST_F(FitImageTest, OneWithMoreTagsThanAnyHasIsNone) {
    const auto with_nodes = [](int nodes) {
        std::string source = "/dts-v1/; / { images { a { data = \"x\"; }; }; rest {";
        // In folders: dtc's parser takes some 10,000 nodes beside each other.
        for (int node = 0; node < nodes; ++node)
            source += (node % 5000 == 0 ? (node == 0 ? "f" : "}; f") + std::to_string(node) + " {" : std::string()) +
                      "n" + std::to_string(node) + " { };";
        source += "};";
        return memory_content(test::run_ok({"dtc", "-q", "-O", "dtb", "-o", "-", "-"}, source + "}; };"), "fit");
    };
    EXPECT_TRUE(parse_fit_image(with_nodes(49'900)));
    EXPECT_FALSE(parse_fit_image(with_nodes(50'100)));
}

TEST_F(FitImageTest, OneWithLongerStringsThanAnyHasIsNone) {
    const auto with_names = [](std::size_t names) {
        std::string source = "/dts-v1/; / { images { a { data = \"x\"; }; }; rest {";
        for (std::size_t name = 0; name < names; ++name)
            source += std::string(240, 'p') + std::to_string(100'000 + name) + ";";
        return memory_content(test::run_ok({"dtc", "-q", "-O", "dtb", "-o", "-", "-"}, source + "}; };"), "fit");
    };
    EXPECT_TRUE(parse_fit_image(with_names(1 * MiB / 250)));
    EXPECT_FALSE(parse_fit_image(with_names(1 * MiB / 240)));
}

TEST_F(FitImageTest, DamageIsNoFit) {
    const Bytes good = read_all(make(false));
    for (std::size_t size = 0; size < good.size(); size += 97) {
        const auto fit = parse_fit_image(
            memory_content(Bytes(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size)), "cut"));
        if (!fit) continue;
        for (const FitPart& part : fit->parts) EXPECT_LE(part.data.end, size);
    }
    for (std::size_t place = 0; place < good.size(); place += 13) {
        Bytes changed = good;
        changed[place] ^= std::byte{0xff};
        const auto fit = parse_fit_image(memory_content(std::move(changed), "changed"));
        if (!fit) continue;
        for (const FitPart& part : fit->parts) EXPECT_LE(part.data.end, good.size());
    }
    EXPECT_FALSE(parse_fit_image(memory_content(std::string_view("no tree"), "text")));
}

}  // namespace
}  // namespace rpixen
