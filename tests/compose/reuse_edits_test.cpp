#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>
#include <random>
#include <thread>

#include <nlohmann/json.hpp>

#include <rpixen/compose.hpp>

#include "artifact/tar_maker.hpp"
#include "storage/file_descriptor.hpp"
#include "support/artifact_kit.hpp"
#include "support/run.hpp"

// A card is edited at random again and again, composed from the one before (compose --reuse) and anew, and both are the
// same to the last bit. RPIXEN_REUSE_COUNT is how many edits, RPIXEN_REUSE_SEED another row of them.

namespace rpixen {
namespace {

using test::ArtifactKit;
using test::read_file;
using test::run_ok;
using test::TarMaker;
using test::TemporaryFolder;
using Json = nlohmann::json;

unsigned number_from(const char* variable, unsigned otherwise) {
    const char* text = std::getenv(variable);
    return text ? static_cast<unsigned>(std::strtoul(text, nullptr, 10)) : otherwise;
}

/// A card's inputs, and what people do to them.
class Workshop {
  public:
    explicit Workshop(unsigned seed) : random_(seed), kit_(folder_) {
        folder_.write("Image", ArtifactKit::kernel(0x10000));
        manifest_ = Json::parse(read_file(kit_.manifest()));
        for (int file = 0; file < 12; ++file) root_[name()] = content();
        root_["etc/hostname"] = "dom0\n";
        root_["etc/fstab"] = "/dev/mmcblk0p2 / ext4 defaults 0 1\n";
        root_["sbin/init"] = read_file(folder_ / "rootfs.tar").substr(0, 3000);
        write_layers();
        write_manifest();
    }

    /// Returns what was done.
    std::string edit() {
        const std::string what = edit_something();
        write_manifest();
        return what;
    }

    /// What is changed in the moment in which it is read is not known.
    static void settle() { std::this_thread::sleep_for(std::chrono::milliseconds(8)); }

    bool chance(unsigned of) { return pick(of) == 0; }
    unsigned pick(unsigned below) { return static_cast<unsigned>(random_() % below); }
    std::string operator/(const std::string& name) const { return folder_ / name; }

    /// Changes a file's bytes and leaves its times as they were.
    void damage(const std::string& name) {
        struct stat before {};
        if (::stat((folder_ / name).c_str(), &before) != 0 || before.st_size == 0) return;
        const FileDescriptor file(::open((folder_ / name).c_str(), O_RDWR | O_CLOEXEC));
        const auto place = static_cast<off_t>(random_() % static_cast<std::uint64_t>(before.st_size));
        char byte = 0;
        ASSERT_EQ(::pread(file.get(), &byte, 1, place), 1);
        byte = static_cast<char>(byte ^ (1 << pick(8)));
        ASSERT_EQ(::pwrite(file.get(), &byte, 1, place), 1);
        const timespec times[2]{before.st_atim, before.st_mtim};
        ASSERT_EQ(::futimens(file.get(), times), 0);
    }

  private:
    std::string name() {
        static const char* const folders[]{"etc/", "usr/lib/", "usr/share/doc/", "home/pi/", "var/"};
        return folders[pick(5)] + std::string("f") + std::to_string(pick(60));
    }
    std::string content() {
        std::string text;
        const unsigned length = chance(5) ? pick(200000) : pick(6000);
        while (text.size() < length) text += std::to_string(random_()) + "\n";
        text.resize(length);
        return text;
    }
    std::string any_root_file() {
        auto file = root_.begin();
        std::advance(file, pick(static_cast<unsigned>(root_.size())));
        return file->first;
    }

    void write_layers() {
        TarMaker tar;
        for (const char* folder :
             {"etc", "usr", "usr/lib", "usr/share", "usr/share/doc", "home", "home/pi", "var", "sbin"})
            tar.directory(folder);
        for (const auto& [name, text] : root_) {
            TarMaker::Header header;
            header.name = name;
            header.size = text.size();
            header.mode = name == "sbin/init" ? 0755 : 0644;
            header.uid = uid_;
            header.mtime = 1700000000 + times_[name];
            tar.header(header).data(text);
        }
        if (!link_.empty()) tar.hard_link("etc/a-link", link_).symlink("etc/points", link_);
        const std::string bytes = tar.finish();
        folder_.write("layer.tar", packed_ == 1   ? run_ok({"gzip", "-nc"}, bytes)
                                   : packed_ == 2 ? run_ok({"zstd", "-qc"}, bytes)
                                                  : bytes);
        TarMaker second;
        second.directory("etc").file("etc/of-the-second", "second " + std::to_string(uid_) + "\n");
        second.file("usr/lib/f1", "of the second\n").file("var/.wh.f2", "");
        folder_.write("second.tar", second.finish());
    }

    void write_manifest() {
        Json layers = Json::array({"layer.tar"});
        if (second_) layers.push_back("second.tar");
        if (folder_layer_) layers.push_back("layer");
        if (pinned_ && !layers.empty())
            layers[0] = {{"path", "layer.tar"}, {"sha256", run_ok({"sha256sum", folder_ / "layer.tar"}).substr(0, 64)}};
        manifest_["artifacts"]["rootfs"] = layers;
        manifest_["boot"]["config_txt"] = config_;
        manifest_["files"] = Json::array();
        for (const auto& [target, source] : files_) {
            const bool boot = target.starts_with("boot:");
            manifest_["files"].push_back({{"partition", boot ? "boot" : "root"},
                                          {"source", source},
                                          {"target", boot ? target.substr(5) : target}});
        }
        folder_.write("manifest.json", manifest_.dump(2));
    }

    void add_file(const std::string& target) {
        const std::string source = "file" + std::to_string(pick(5));
        folder_.write(source, content());
        files_[target] = source;
    }

    std::string edit_boot(unsigned which) {
        switch (which) {
            case 0:
                config_ = {"dtparam=audio=" + std::string(chance(2) ? "on" : "off"), "# " + std::to_string(pick(1000))};
                return "config.txt";
            case 1:
                add_file("boot:/note" + std::to_string(pick(3)) + ".txt");
                return "a boot file";
            case 2:
                folder_.write("Image", ArtifactKit::kernel(0x10000 + 0x1000 * pick(40)));
                return "the kernel";
            case 3:
                manifest_["image"]["boot_partition"]["size"] = std::to_string(44 + pick(8)) + "MiB";
                return "the boot partition's size";
            case 4:
                manifest_["image"]["root_partition"]["free"] = std::to_string(1 + pick(9)) + "MiB";
                return "the root's free space";
            case 5:
                manifest_["image"]["root_partition"]["label"] = "root" + std::to_string(pick(9));
                return "the root's label";
            case 6:
                manifest_["name"] = "card" + std::to_string(pick(9));
                return "the name";
            case 7:
                manifest_["image"]["alignment"] = chance(2) ? "1MiB" : "4MiB";
                return "the alignment";
            default:
                manifest_["boot"]["bootargs"] = "console=hvc0 clk_ignore_unused root=/dev/mmcblk0p2 rootwait n=" +
                                                std::to_string(pick(100));
                return "the command line";
        }
    }

    std::string edit_root(unsigned which) {
        switch (which) {
            case 0:
                add_file("/" + any_root_file());
                return "a file over one of the root's";
            case 1:
                add_file("/srv/new" + std::to_string(pick(4)));
                return "a file beside the root's";
            case 2:
                if (!files_.empty()) files_.erase(files_.begin());
                return "a file of the manifest less";
            case 3:
                if (manifest_.contains("owners"))
                    manifest_.erase("owners");
                else
                    manifest_["owners"] = {{{"path", "/etc/**"}, {"uid", pick(2000)}, {"gid", 7}, {"mode", "0640"}}};
                return "owners";
            default:
                return "nothing";
        }
    }

    std::string edit_layer(unsigned which) {
        std::string what;
        switch (which) {
            case 0:
                root_[any_root_file()] = content();
                what = "the content of a root file";
                break;
            case 1:
                root_[name()] = content();
                what = "a root file more";
                break;
            case 2:
                if (root_.size() > 6) root_.erase(any_root_file());
                root_.emplace("sbin/init", "x");
                what = "a root file less";
                break;
            case 3:
                times_[any_root_file()] = pick(1000);
                what = "a root file's time";
                break;
            case 4:
                uid_ = pick(3);
                what = "the owner of root files";
                break;
            case 5:
                packed_ = pick(3);
                what = "the packing of the layer";
                break;
            case 6:
                link_ = chance(3) ? "" : any_root_file();
                what = "a hard link";
                break;
            case 7:
                second_ = !second_;
                what = "the second layer";
                break;
            case 8:
                folder_layer_ = true;
                folder_.write("layer/etc/of-the-folder", content());
                what = "a folder as a layer";
                break;
            default:
                pinned_ = !pinned_;
                return "a pin";
        }
        if (!root_.contains(link_)) link_.clear();
        write_layers();
        return what;
    }

    std::string edit_something() {
        folder_layer_ = false;  // nothing is taken over beside one: each edit would be composed anew
        const unsigned kind = pick(10);
        if (kind < 5) return edit_boot(pick(9));
        if (kind < 8) return edit_root(pick(5));
        return edit_layer(pick(10));
    }

    std::mt19937_64 random_;
    TemporaryFolder folder_;
    ArtifactKit kit_;
    Json manifest_;
    std::map<std::string, std::string> root_;
    std::map<std::string, unsigned> times_;
    std::map<std::string, std::string> files_;  ///< target, with "boot:" before it for that partition; source
    std::vector<std::string> config_;
    std::string link_;
    unsigned uid_ = 0;
    unsigned packed_ = 0;
    bool second_ = false;
    bool folder_layer_ = false;
    bool pinned_ = false;
};

struct Result {
    std::string error;
    std::vector<std::string> notes;
    std::string report;
};

Result composed(const Workshop& workshop, const std::string& output, const std::string& older, bool sync, bool full) {
    ComposeRequest request;
    request.manifest = workshop / "manifest.json";
    request.output = workshop / output;
    if (!older.empty()) request.reuse = workshop / older;
    request.report = workshop / (output + ".json");
    request.sync = sync;
    request.verify = full ? VerifyForm::full : VerifyForm::quick;
    Result result;
    try {
        Report report = compose(request);
        if (!older.empty()) {
            result.notes = {report.notes.back()};
            report.notes.pop_back();
        }
        report.output.clear();
        result.report = report.json() + read_file(request.report);
    } catch (const Error& error) {
        result.error = error.what();
    }
    return result;
}

TEST(ReuseEdits, GiveWhatComposingAnewGives) {
    const unsigned count = number_from("RPIXEN_REUSE_COUNT", 20);
    Workshop workshop(number_from("RPIXEN_REUSE_SEED", 17));
    unsigned taken = 0;
    std::string older = "a.img";
    for (unsigned round = 0; round < count; ++round) {
        std::string what = round == 0 ? "the first" : workshop.edit();
        if (round != 0 && workshop.chance(10)) {
            workshop.damage(older);
            what += ", a byte of the older card";
        }
        if (round != 0 && workshop.chance(30)) {
            workshop.damage(older + ".reuse");
            what += ", a byte of its record";
        }
        const std::string output = workshop.chance(2) ? older : older == "a.img" ? "b.img" : "a.img";
        const bool sync = workshop.chance(4);
        const bool full = workshop.chance(2);
        Workshop::settle();
        const Result reused = composed(workshop, output, older, sync, full);
        const Result anew = composed(workshop, "anew.img", "", false, false);
        SCOPED_TRACE("edit " + std::to_string(round) + ": " + what + "; " +
                     (reused.notes.empty() ? "" : reused.notes.back()));
        ASSERT_EQ(reused.error, anew.error);
        ASSERT_EQ(reused.report, anew.report);
        if (anew.error.empty()) {
            ASSERT_EQ(test::run({"cmp", workshop / output, workshop / "anew.img"}).status, 0);
        }
        if (std::getenv("RPIXEN_REUSE_TELL"))
            std::cerr << round << ": " << what << ": " << (reused.notes.empty() ? reused.error : reused.notes[0])
                      << "\n";
        if (!reused.notes.empty() && reused.notes[0].starts_with("the root file system is that of")) ++taken;
        if (anew.error.empty()) older = output;
    }
    RecordProperty("taken", static_cast<int>(taken));
    EXPECT_GE(taken, count / 4) << "an older card is hardly ever taken over";
}

}  // namespace
}  // namespace rpixen
