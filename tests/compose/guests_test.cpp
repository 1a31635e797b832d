#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include <nlohmann/json.hpp>

#include <rpixen/compose.hpp>
#include <rpixen/release.hpp>

#include "law/law.hpp"
#include "support/artifact_kit.hpp"
#include "support/run.hpp"

// Guests are inputs and files of a card like dom0's: every document that tells of those tells of them.

namespace rpixen::test {
namespace {

namespace fs = std::filesystem;

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::IsSupersetOf;

/// A guest of Xen with files of its own, and guests of xl with each kind of disk.
class GuestsOfACard : public testing::Test {
  protected:
    GuestsOfACard() {
        folder_.write("web-Image", ArtifactKit::kernel(2 << 20));
        folder_.write("web.cpio", "070701" + std::string(3000, '0'));
        folder_.write("web.dtb", run_ok({"dtc", "-q", "-I", "dts", "-O", "dtb"}, "/dts-v1/; / { passthrough { }; };"));
        folder_.write("db-Image", ArtifactKit::kernel(1 << 20));
        folder_.write("db.cpio", "070701" + std::string(5000, '0'));
        fs::create_directories(folder_ / "db-root/etc");
        folder_.write("db-root/etc/hostname", "db\n");
        fs::copy_file(folder_ / "rootfs.tar", folder_ / "tar-root.tar");
        run_ok({"truncate", "-s", "4M", folder_ / "ext4-root"});
        run_ok({"mkfs.ext4", "-q", folder_ / "ext4-root"});
        const std::string of_xl = R"("start": "xl", "kernel": "dom0", "memory": "32MiB", "disk": )";
        auto manifest = nlohmann::json::parse(read_file(kit_.manifest()));
        manifest["guests"] = nlohmann::json::parse(
            R"([{"name": "web", "start": "xen", "kernel": "web-Image", "initrd": "web.cpio", "device_tree": "web.dtb",
                 "memory": "64MiB"},
                {"name": "db", "start": "xl", "kernel": "db-Image", "initrd": "db.cpio", "memory": "96MiB", "vcpus": 2,
                 "disk": "db-root"},
                {"name": "tar", )" +
            of_xl + R"("tar-root.tar"}, {"name": "ext4", )" + of_xl + R"("ext4-root", "autostart": false}])");
        manifest["boot"]["dom0_mem"] = "256MiB";
        folder_.write("manifest.json", manifest.dump());
    }

    Report compose_card() {
        ComposeRequest request;
        request.manifest = kit_.manifest();
        request.output = folder_ / "card.img";
        request.report = folder_ / "report.json";
        request.sync = false;
        request.digest_inputs = true;
        return compose(request);
    }
    CardInputs inputs() {
        PlanRequest request;
        request.manifest = kit_.manifest();
        request.digest_inputs = true;
        return card_inputs(request);
    }
    /// "PARTITION:PATH" of each difference to what was planned.
    std::vector<std::string> differences() {
        VerifyRequest request;
        request.image = folder_ / "card.img";
        request.report = folder_ / "report.json";
        std::vector<std::string> list;
        for (const Difference& difference : verify(request).differences)
            list.push_back(difference.partition + ":" + difference.path);
        return list;
    }

    TemporaryFolder folder_;
    ArtifactKit kit_{folder_};
    /// Files of guests, and one that stands in a folder.
    const std::vector<std::string> names_{"web-Image",    "web.cpio",  "web.dtb",
                                          "db-Image",     "db.cpio",   "db-root",
                                          "tar-root.tar", "ext4-root", "db-root/etc/hostname"};
};

TEST_F(GuestsOfACard, AreInTheReport) {
    const Report report = compose_card();
    std::set<std::string> found;
    for (const ReportArtifact& artifact : report.artifacts) {
        if (!artifact.role.starts_with("guest_")) continue;
        EXPECT_EQ(artifact.sha256.size(), 64U) << artifact.path;
        EXPECT_EQ(artifact.is_folder, artifact.path == "db-root");
        EXPECT_EQ(artifact.size == 0, artifact.is_folder) << artifact.path;
        found.insert(artifact.role + " " + artifact.path + " " + artifact.name);
    }
    EXPECT_THAT(found, testing::ElementsAre("guest_device_tree web.dtb /guests/web/guest.dtb",
                                            "guest_disk db-root /var/lib/xen/images/db/disk.img",
                                            "guest_disk ext4-root /var/lib/xen/images/ext4/disk.img",
                                            "guest_disk tar-root.tar /var/lib/xen/images/tar/disk.img",
                                            "guest_initrd db.cpio /var/lib/xen/images/db/initrd",
                                            "guest_initrd web.cpio /guests/web/initrd.img",
                                            "guest_kernel db-Image /var/lib/xen/images/db/kernel",
                                            "guest_kernel web-Image /guests/web/Image"));
    std::set<std::string> paths;
    std::set<std::string> digested;  // as far as what is examined: disks and the root are read when they are placed
    for (const auto& [path, sha256] : report.inputs) {
        paths.insert(fs::path(path).filename());
        if (!sha256.empty()) digested.insert(path);
    }
    EXPECT_THAT(paths, IsSupersetOf({"web-Image", "web.cpio", "web.dtb", "db-Image", "db.cpio", "db-root",
                                     "tar-root.tar", "ext4-root"}));
    EXPECT_THAT(digested, IsSupersetOf({"web-Image", "web.cpio", "web.dtb", "db-Image", "db.cpio"}));
    ASSERT_EQ(report.domains.size(), 4U);
    EXPECT_EQ(report.domains[1].name, "web");
    EXPECT_EQ(report.domains[2].name, "db");
    EXPECT_EQ(report.domains[2].vcpus, 2U);
    EXPECT_EQ(report.domains[3].name, "tar") << "ext4 does not start by itself";
    EXPECT_EQ(report.boards[0].guests, (64 + 2) << 20);
    EXPECT_EQ(report.boards[0].xl_guests, (96 + 3 + 32 + 2) << 20);
    EXPECT_THAT(report.facts, Contains(HasSubstr("guest db, started by xl: 96MiB, 2 processors, a disk")));
    EXPECT_THAT(report.facts, Contains(HasSubstr("guest ext4, started by xl when somebody says so")));

    // And in that of anybody's card.
    CheckRequest request;
    request.subject = folder_ / "card.img";
    const Report checked = check(request);
    ASSERT_EQ(checked.domains.size(), 4U);
    for (std::size_t index = 0; index < 4; ++index) {
        EXPECT_EQ(checked.domains[index].name, report.domains[index].name);
        EXPECT_EQ(checked.domains[index].memory, report.domains[index].memory);
    }
    const bool drawn = std::any_of(checked.memory.begin(), checked.memory.end(),
                                   [](const ReportRegion& region) { return region.role == "guest"; });
    EXPECT_TRUE(drawn);
    expect_law(kit_.manifest());
}

TEST_F(GuestsOfACard, AreInputsThatTheKeyKnows) {
    const CardInputs before = inputs();
    std::set<std::string> files;
    for (const std::string& file : before.files) files.insert(fs::relative(file, folder_.path()));
    EXPECT_THAT(files, IsSupersetOf(names_)) << "which a depfile names";
    std::set<std::string> keys{before.key};
    for (const std::string& name : names_) {
        if (fs::is_directory(folder_ / name)) continue;
        const std::string bytes = read_file(folder_ / name);
        folder_.write(name, bytes + "x");
        EXPECT_TRUE(keys.insert(inputs().key).second) << name;
        folder_.write(name, bytes);
    }
    EXPECT_EQ(inputs().key, before.key);
}

TEST_F(GuestsOfACard, AreVerified) {
    const Report report = compose_card();
    EXPECT_THAT(differences(), IsEmpty());
    const std::string fat = (folder_ / "card.img") + "@@" + std::to_string(report.partitions[0].offset);
    const std::string other = folder_.write("other", "070701" + std::string(3000, '1'));
    for (const char* name : {"initrd.img", "Image", "guest.dtb"}) {
        run_ok({"mcopy", "-n", "-o", "-i", fat, other, "::guests/web/" + std::string(name)});
        EXPECT_THAT(differences(), Contains(HasSubstr("/guests/web/" + std::string(name)))) << name;
    }
    const std::string ext4 = (folder_ / "card.img") + "?offset=" + std::to_string(report.partitions[1].offset);
    for (const char* name : {"db/kernel", "db/initrd", "db/disk.img", "tar/disk.img", "ext4/disk.img"}) {
        const std::string path = "/var/lib/xen/images/" + std::string(name);
        run_ok({"debugfs", "-w", "-R", "sif " + path + " mode 0100600", ext4});
        run_ok({"debugfs", "-w", "-R", "sif " + path + " uid 77", ext4});
        EXPECT_THAT(differences(), Contains(HasSubstr(path))) << name;
    }
}

TEST_F(GuestsOfACard, AreInTheBillsOfMaterials) {
    ReleaseRequest request;
    request.manifest = kit_.manifest();
    request.folder = folder_ / "release";
    request.sync = false;
    release(request);
    std::string bills;
    for (const auto& file : fs::directory_iterator(folder_ / "release"))
        if (file.path().string().ends_with(".spdx.json") || file.path().string().ends_with(".cdx.json")) {
            const std::string text = read_file(file.path().string());
            bills += file.path().filename().string() + " ";
            for (const char* name :
                 {"web-Image", "web.cpio", "web.dtb", "db-Image", "db.cpio", "db-root", "tar-root.tar", "ext4-root"})
                EXPECT_THAT(text, HasSubstr(name)) << file.path();
        }
    EXPECT_THAT(bills, testing::AllOf(HasSubstr(".spdx.json"), HasSubstr(".cdx.json")));
}

}  // namespace
}  // namespace rpixen::test
