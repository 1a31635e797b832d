#include <gmock/gmock.h>

#include <fstream>

#include <rpixen/manifest.hpp>

#include "law/generator.hpp"
#include "support/temporary_folder.hpp"

namespace rpixen {
namespace {

using testing::HasSubstr;

const std::string shortest = R"({ "manifest_version": 1, "artifacts": { "xen": "xen", "kernel": "Image",
    "dtb": "b.dtb", "uboot": "u.bin", "rootfs": "root.tar" } })";

// Every key of the manifest is in one of these, and the JSON of a manifest that was read once is all that it is.
TEST(ManifestJson, SaysWhatItWasReadFrom) {
    std::vector<std::string> texts{shortest, test::plain_manifest()};
    for (std::uint64_t number = 0; number < 300; ++number) texts.push_back(test::generated_manifest(number));
    std::size_t read = 0;
    for (const std::string& text : texts) {
        Manifest manifest;
        try {
            manifest = parse_manifest(text, "folder/m.json");
        } catch (const Error&) {
            continue;  // the generator makes wrong ones too
        }
        ++read;
        const std::string json = manifest_json(manifest);
        const Manifest again = parse_manifest(json, "folder/m.json");
        EXPECT_EQ(manifest_json(again), json) << text;
        EXPECT_EQ(again.bootargs, manifest.bootargs);
        EXPECT_EQ(again.dom0_mem, manifest.dom0_mem) << text;
        EXPECT_EQ(again.xen_bootargs, manifest.xen_bootargs);
        EXPECT_EQ(again.env, manifest.env);
        EXPECT_EQ(again.addresses, manifest.addresses);
        EXPECT_EQ(again.config_txt, manifest.config_txt);
        EXPECT_EQ(again.image_size.bytes, manifest.image_size.bytes);
        EXPECT_EQ(again.root_size.kind, manifest.root_size.kind);
        EXPECT_EQ(again.root_free, manifest.root_free);
        EXPECT_EQ(again.boot_size, manifest.boot_size);
        EXPECT_EQ(again.alignment, manifest.alignment);
        EXPECT_EQ(again.script, manifest.script);
        EXPECT_EQ(again.apply_overlays, manifest.apply_overlays);
        ASSERT_EQ(again.overlays.size(), manifest.overlays.size()) << text;
        for (std::size_t index = 0; index < again.overlays.size(); ++index)
            EXPECT_EQ(again.overlays[index].resolved, manifest.overlays[index].resolved);
        ASSERT_EQ(again.files.size(), manifest.files.size());
        for (std::size_t index = 0; index < again.files.size(); ++index) {
            EXPECT_EQ(again.files[index].target, manifest.files[index].target);
            EXPECT_EQ(again.files[index].mode, manifest.files[index].mode);
            EXPECT_EQ(again.files[index].uid, manifest.files[index].uid);
        }
        ASSERT_EQ(again.owners.size(), manifest.owners.size());
        ASSERT_EQ(again.rootfs.size(), manifest.rootfs.size());
        for (std::size_t index = 0; index < again.rootfs.size(); ++index)
            EXPECT_EQ(again.rootfs[index].sha256, manifest.rootfs[index].sha256);
        EXPECT_EQ(again.modules.size(), manifest.modules.size());
        EXPECT_EQ(again.dtbs.size(), manifest.dtbs.size());
        EXPECT_EQ(again.firmware.has_value(), manifest.firmware.has_value());
    }
    EXPECT_GT(read, 200U);
}

TEST(ManifestJson, DoesNotShowHowTheSameThingWasWritten) {
    const std::string spelt = shortest.substr(0, shortest.rfind('}')) +
                              R"(, "name": "rpixen", "overlays": ["pi4-64-xen"], // as ever
                                 "image": { "alignment": "4MiB" } })";
    EXPECT_EQ(manifest_json(parse_manifest(spelt, "m")), manifest_json(parse_manifest(shortest, "m")));
}

TEST(ManifestSource, IsAFile) {
    const test::TemporaryFolder folder;
    std::ofstream(folder / "m.json") << shortest;
    const ManifestSource source(folder / "m.json");
    EXPECT_FALSE(source.empty());
    EXPECT_EQ(source.path(), folder / "m.json");
    EXPECT_EQ(source.load().xen.resolved, folder / "xen");
    EXPECT_TRUE(ManifestSource().empty());
}

TEST(ManifestSource, IsATextWithAFolder) {
    const ManifestSource source = ManifestSource::of_text(shortest, "inputs", "standard input");
    EXPECT_EQ(source.path(), "");
    EXPECT_EQ(source.load().xen.resolved, "inputs/xen");
    EXPECT_EQ(ManifestSource::of_text(shortest, "").load().xen.resolved, "xen");
    EXPECT_EQ(ManifestSource::of_text(shortest, "/").load().xen.resolved, "/xen");
    try {
        ManifestSource::of_text("{ \"nmae\": 1 }", "inputs", "standard input").load();
        FAIL() << "an unknown key";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::manifest);
        EXPECT_EQ(error.problems().front().location.file, "standard input");
    }
}

TEST(ManifestSource, IsAValueThatIsHeldToTheSameRules) {
    Manifest manifest = parse_manifest(shortest, "m.json");
    manifest.folder = "inputs";
    manifest.dom0_mem = "256MiB";
    manifest.env.emplace_back("bootdelay", "1");
    const Manifest loaded = ManifestSource::of_value(manifest).load();
    EXPECT_EQ(loaded.xen.resolved, "inputs/xen");
    EXPECT_EQ(loaded.dom0_mem, "256MiB");
    EXPECT_EQ(loaded.env, manifest.env);
    manifest.env.emplace_back("fdt_addr", "0x100");
    try {
        ManifestSource::of_value(manifest).load();
        FAIL() << "a variable that must not be set";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::manifest);
        EXPECT_THAT(error.what(), HasSubstr("this variable must not be set"));
        EXPECT_EQ(error.problems().front().location.pointer, "/boot/env/fdt_addr");
    }
    manifest.env.back() = {"note", "\xff"};
    EXPECT_THROW(ManifestSource::of_value(manifest).load(), Error);
}

TEST(ManifestSource, AFileThatIsNotThereIsTheManifestsFault) {
    try {
        ManifestSource("no/such.json").load();
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::manifest);
        EXPECT_EQ(error.problems().front().system_error, ENOENT);
    }
}

}  // namespace
}  // namespace rpixen
