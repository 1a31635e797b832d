#include <rpixen/compose.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "law/law.hpp"
#include "support/artifact_kit.hpp"
#include "support/run.hpp"

// The same manifest gives the same image, byte for byte, in every release, unless it is meant to change. The
// digests stand in golden_images.txt; RPIXEN_ACCEPT=1 writes them anew, and who does so says in the commit
// which changed and why. No input comes from a tool whose output differs between releases: a prebuilt root
// file system is cut out of a card of our own.

namespace rpixen {
namespace {

using nlohmann::json;
using test::ArtifactKit;
using test::run_ok;

/// What is laid over the kit's manifest (RFC 7386), and what is made for it beforehand.
struct Golden {
    const char* name;
    const char* patch;
    void (*prepare)(const test::TemporaryFolder&) = [](const test::TemporaryFolder&) {};
};

void PrintTo(const Golden& golden, std::ostream* out) {
    *out << golden.name;
}

/// An overlay that any tree of the board takes.
std::string model_overlay(const std::string& model) {
    return run_ok({"dtc", "-I", "dts", "-O", "dtb", "-q", "-"},
                  "/dts-v1/; /plugin/; / { compatible = \"brcm,bcm2711\"; fragment@0 { target-path = \"/\"; "
                  "__overlay__ { " +
                      model + " }; }; };");
}

void make_modules(const test::TemporaryFolder& folder, const std::string& kind) {
    run_ok({"python3", "-c", R"(
import io, sys, tarfile
with tarfile.open(sys.argv[1], "w:" + sys.argv[2], format=tarfile.GNU_FORMAT) as tar:
    for number in range(300):
        member = tarfile.TarInfo("lib/modules/6.1.0-37-arm64/kernel/module-%03d.ko" % number)
        member.size, member.mtime = 37 * number, 1650000000 + number
        tar.addfile(member, io.BytesIO(b"m" * member.size))
)",
            folder / ("modules.tar" + (kind.empty() ? "" : "." + kind)), kind});
}

/// A folder as a layer: all its times are set, and what is the caller's is root's on the card.
void make_folder_layer(const test::TemporaryFolder& folder) {
    folder.write("layer/etc/hostname", "from-the-folder\n");
    folder.write("layer/home/long", std::string(200000, 'l'));
    std::filesystem::create_symlink("long", folder.path() / "layer/home/link");
    std::filesystem::create_hard_link(folder.path() / "layer/home/long", folder.path() / "layer/home/twin");
    run_ok({"chmod", "-R", "u=rwX,go=rX", folder / "layer"});
    run_ok({"find", folder / "layer", "-exec", "touch", "-h", "-d", "@1690000000", "{}", "+"});
}

/// The second partition of a card that this library wrote.
void make_prebuilt(const test::TemporaryFolder& folder) {
    ComposeRequest request;
    request.manifest = folder / "manifest.json";
    request.output = folder / "first.img";
    request.source_date_epoch = 1600000000;
    request.sync = false;
    const ReportPartition root = compose(request).partitions.at(1);
    std::ifstream image(request.output, std::ios::binary);
    std::string bytes(root.size, '\0');
    image.seekg(static_cast<std::streamoff>(root.offset));
    image.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    folder.write("root.ext4", bytes);
}

const Golden goldens[] = {
    {"shortest", R"({"image": null, "artifacts": {"firmware": null}})"},
    {"kit", "{}"},
    {"overlays at boot", R"({"boot": {"apply_overlays": "boot"}})"},
    {"classic", R"({"boot": {"script": "classic"}})"},
    {"classic, overlays at boot", R"({"boot": {"script": "classic", "apply_overlays": "boot"}})"},
    {"initrd", R"({"artifacts": {"initrd": "initrd"}})",
     [](const auto& folder) { folder.write("initrd", "\x1f\x8b\x08" + std::string(5000, 'i')); }},
    {"initrd, classic, overlays at boot",
     R"({"artifacts": {"initrd": "initrd"}, "boot": {"script": "classic", "apply_overlays": "boot"}})",
     [](const auto& folder) { folder.write("initrd", "070701" + std::string(9000000, 'i')); }},
    {"XSM policy", R"({"artifacts": {"xsm_policy": "policy"}})",
     [](const auto& folder) { folder.write("policy", "\x8c\xff\x7c\xf9" + std::string(3000, 'p')); }},
    {"pinned addresses", R"({"boot": {"addresses": {"xen": "0x1000000", "kernel": "0x3000000", "dtb": "0x2800000"}}})"},
    {"pinned scratch", R"({"boot": {"apply_overlays": "boot", "addresses": {"overlay_scratch": "0x2c00000"}}})"},
    {"dom0_mem 1GiB", R"({"boot": {"dom0_mem": "1GiB"}})"},
    {"dom0_mem in bytes", R"({"boot": {"dom0_mem": 268435456}})"},
    {"dom0_mem auto", R"({"boot": {"dom0_mem": "auto"}})"},
    {"dom0_mem auto, overlays at boot", R"({"boot": {"dom0_mem": "auto", "apply_overlays": "boot"}})"},
    {"dom0_mem in xen_bootargs",
     R"({"boot": {"xen_bootargs": "console=dtuart dtuart=/soc/serial@7e215040 dom0_mem=384M loglvl=all"}})"},
    {"bootargs", R"({"boot": {"bootargs": "console=hvc0 root=/dev/mmcblk0p2 ro rootwait quiet"}})"},
    {"environment", R"({"boot": {"env": {"bootdelay": "0", "preboot": "echo hello"}}})"},
    {"config.txt lines", R"({"boot": {"config_txt": ["dtparam=audio=on", "[pi4]", "arm_boost=1", "[all]"]}})"},
    {"labels", R"({"name": "labelled", "image": {"boot_partition": {"label": "FIRST ONE"},
                   "root_partition": {"label": "second one"}}})"},
    {"fill", R"({"image": {"size": "160MiB", "root_partition": {"size": "fill", "free": null}}})"},
    {"exact sizes and alignment",
     R"({"image": {"size": "128MiB", "alignment": "1MiB", "root_partition": {"size": "20MiB", "free": null}}})"},
    {"a large root partition", R"({"image": {"root_partition": {"size": "1GiB", "free": null}}})"},
    {"layers", R"({"artifacts": {"rootfs": ["rootfs.tar", "modules.tar.xz", "modules.tar"]}})",
     [](const auto& folder) { make_modules(folder, "xz"), make_modules(folder, ""); }},
    {"folder layer", R"({"artifacts": {"rootfs": ["rootfs.tar", "layer"]}})", make_folder_layer},
    {"packed root", R"({"artifacts": {"rootfs": ["rootfs.tar.zst", "modules.tar.bz2"]}})",
     [](const auto& folder) {
         make_modules(folder, "bz2");
         run_ok({"zstd", "-q", folder / "rootfs.tar", "-o", folder / "rootfs.tar.zst"});
     }},
    {"prebuilt root", R"({"artifacts": {"rootfs": "root.ext4"}, "image": {"root_partition": null}})", make_prebuilt},
    {"files", R"({"files": [
        {"partition": "boot", "source": "notes", "target": "/notes.txt"},
        {"partition": "boot", "source": "notes", "target": "/a folder/With a Long Name.and more"},
        {"partition": "boot", "source": "notes", "target": "/ümlaut"},
        {"partition": "root", "source": "notes", "target": "/etc/hostname", "mode": "0600", "uid": 7, "gid": 8},
        {"partition": "root", "source": "notes", "target": "/lib/new/folder/notes"}]})",
     [](const auto& folder) { folder.write("notes", "a note\n"); }},
    {"several overlays", R"({"overlays": ["pi4-64-xen", "first.dtbo", "second.dtbo"]})",
     [](const auto& folder) {
         folder.write("first.dtbo", model_overlay("model = \"first\";"));
         folder.write("second.dtbo", model_overlay("model = \"second\"; node { second; };"));
     }},
    {"several overlays at boot", R"({"overlays": ["pi4-64-xen", "first.dtbo"], "boot": {"apply_overlays": "boot"}})",
     [](const auto& folder) { folder.write("first.dtbo", model_overlay("model = \"first\";")); }},
    {"gzip kernel and xz Xen", R"({"artifacts": {"kernel": "Image.gz", "xen": "xen.xz"}})",
     [](const auto& folder) {
         run_ok({"gzip", "-k", "-n", folder / "Image"});
         run_ok({"xz", "-k", folder / "xen"});
     }},
    {"kernel of 33 MiB", R"({"artifacts": {"kernel": "big"}, "image": {"boot_partition": {"size": "96MiB"}}})",
     [](const auto& folder) { folder.write("big", ArtifactKit::kernel(33 << 20)); }},
    {"kernel of 48 MiB, overlays at boot",
     R"({"artifacts": {"kernel": "big"}, "image": {"boot_partition": {"size": "96MiB"}},
         "boot": {"apply_overlays": "boot"}})",
     [](const auto& folder) { folder.write("big", ArtifactKit::kernel(48 << 20)); }},
    {"kernel of 48 MiB, classic, packed",
     R"({"artifacts": {"kernel": "big.zst"}, "image": {"boot_partition": {"size": "96MiB"}},
         "boot": {"script": "classic"}})",
     [](const auto& folder) {
         folder.write("big", ArtifactKit::kernel(48 << 20));
         run_ok({"zstd", "-q", "-1", "--rm", folder / "big"});
     }},
    {"no GPU firmware, U-Boot of 2025", R"({"artifacts": {"firmware": null, "uboot": "new-u-boot"}})",
     [](const auto& folder) { folder.write("new-u-boot", ArtifactKit::uboot("2025.01")); }},
};

using Digests = std::map<std::string, std::string>;

/// "DIGEST  NAME" a line, as sha256sum writes it.
Digests recorded() {
    std::ifstream file(RPIXEN_TEST_FOLDER "/golden_images.txt");
    Digests digests;
    for (std::string line; std::getline(file, line);)
        if (line.size() > 66) digests[line.substr(66)] = line.substr(0, 64);
    return digests;
}

void record(const Digests& digests) {
    std::ofstream file(RPIXEN_TEST_FOLDER "/golden_images.txt");
    for (const auto& [name, digest] : digests) file << digest << "  " << name << '\n';
}

bool accepting() {
    const char* accept = std::getenv("RPIXEN_ACCEPT");
    return accept && std::string_view(accept) == "1";
}

class GoldenImages : public testing::TestWithParam<Golden> {
  protected:
    GoldenImages() {
        GetParam().prepare(folder_);
        json manifest = json::parse(test::read_file(kit_.manifest()));
        manifest.merge_patch(json::parse(GetParam().patch));
        text_ = manifest.dump(2);
        manifest_ = folder_.write("golden.json", text_);
    }

    test::TemporaryFolder folder_;
    ArtifactKit kit_{folder_};
    std::string text_;
    std::string manifest_;
};

TEST_P(GoldenImages, KeepsTheLaw) {
    test::expect_law(manifest_, 1700000000);
}

TEST_P(GoldenImages, HasTheRecordedDigest) {
    const Golden& golden = GetParam();
    ComposeRequest request;
    request.manifest = manifest_;
    request.output = folder_ / "sdcard.img";
    request.source_date_epoch = 1700000000;
    request.sync = false;
    compose(request);

    const std::string digest = run_ok({"sha256sum", request.output}).substr(0, 64);
    Digests digests = recorded();
    if (accepting()) {
        digests[golden.name] = digest;
        record(digests);
        GTEST_SKIP() << "recorded, not compared";
    }
    EXPECT_EQ(digest, digests[golden.name]) << golden.name << ": the image changed; made from\n" << text_;
}

INSTANTIATE_TEST_SUITE_P(Manifests, GoldenImages, testing::ValuesIn(goldens), [](const auto& test_case) {
    std::string name;
    for (const char letter : std::string_view(test_case.param.name))
        name += std::isalnum(static_cast<unsigned char>(letter)) ? letter : '_';
    return name;
});

/// A digest that no manifest is compared with would guard nothing.
TEST(GoldenImagesFile, HasOneDigestForEachManifest) {
    std::map<std::string, int> names;
    for (const Golden& golden : goldens) ++names[golden.name];
    for (const auto& [name, digest] : recorded()) --names[name];
    for (const auto& [name, surplus] : names) EXPECT_EQ(surplus, 0) << name;
}

}  // namespace
}  // namespace rpixen
