#include "release/packages/installed_packages.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <set>
#include <string_view>

#include <rpixen/error.hpp>

#include "release/packages/package_collector.hpp"
#include "release/packages/package_readers.hpp"
#include "tree/tree_files.hpp"

namespace rpixen {
namespace {

constexpr std::size_t largest_control = 64 * KiB;  // bytes; one package's own file

/// Walks the places of a tree where package managers keep their databases, each file once.
class Search {
  public:
    Search(const FileTree& root, const PackageLimits& limits) : root_(root), limits_(limits), found_(limits.found) {}

    PackageList all() {
        dpkg();
        for (const char* folder : {"/var/lib/opkg", "/usr/lib/opkg"}) opkg(folder);
        for (const char* path : {"/lib/apk/db/installed", "/usr/lib/apk/db/installed"})
            read(path, [this](const Bytes& bytes) { read_apk_installed(as_text(bytes), found_); });
        for (const char* folder : {"/var/lib/rpm", "/usr/lib/sysimage/rpm"}) rpm(folder);
        return found_.finish();
    }

  private:
    void dpkg() {
        read("/var/lib/dpkg/status", [this](const Bytes& bytes) { read_dpkg_status(as_text(bytes), found_); });
        const std::string folder = "/var/lib/dpkg/status.d";
        const auto node = follow(root_, folder);
        if (!node || root_.type(*node) != NodeType::directory) return;
        for (const EntryId entry : root_.children(*node)) {
            const std::string name(root_.entry_name(entry));
            if (name.ends_with(".md5sums")) continue;
            read(
                folder + "/" + name, [this](const Bytes& bytes) { read_dpkg_control(as_text(bytes), found_); },
                largest_control);
        }
    }

    void opkg(const std::string& folder) {
        const auto control_of = [&](std::string_view name) {
            if (name.find('/') != std::string_view::npos) return std::string();
            return read_text(root_, folder + "/info/" + std::string(name) + ".control", largest_control);
        };
        read(folder + "/status", [&](const Bytes& bytes) { read_opkg_status(as_text(bytes), control_of, found_); });
    }

    void rpm(const std::string& folder) {
        read(folder + "/rpmdb.sqlite", [this](Bytes bytes) { read_rpm_database(std::move(bytes), found_); });
        if (const auto log = new_file(folder + "/rpmdb.sqlite-wal"); log && root_.size(*log) > 0)
            found_.note("what this write-ahead log has beyond rpmdb.sqlite is not read; 'rpm --rebuilddb' merges it");
        for (const char* name : {"Packages", "Packages.db"})
            if (new_file(folder + "/" + name))
                found_.note(std::string("not read: a database of rpm in ") +
                            (std::string_view(name) == "Packages" ? "Berkeley DB" : "ndb") +
                            "; 'rpm --rebuilddb' makes one in SQLite where rpm has _db_backend sqlite");
    }

    /// The file at a path, unless there is none or it was met under another path. The collector's next notes are
    /// about it.
    std::optional<NodeId> new_file(const std::string& path) {
        const auto node = follow(root_, path);
        if (!node || root_.type(*node) != NodeType::file || !met_.insert(*node).second) return std::nullopt;
        found_.begin(path);
        return node;
    }

    void read(const std::string& path, const std::function<void(Bytes)>& reader,
              std::uint64_t most = Budget::unlimited) {
        const auto node = new_file(path);
        if (!node) return;
        most = std::min(most, limits_.database);
        if (root_.size(*node) > most) {
            found_.note("larger than " + std::to_string(most) + " bytes; not read");
            return;
        }
        try {
            reader(start_of(root_, *node, static_cast<std::size_t>(most)));
        } catch (const Error& error) {
            if (error.code() != ErrorCode::artifact) throw;
            for (const Problem& problem : error.problems())
                found_.note(problem.message + ": " + problem.found + "; the rest of it is not read");
        }
    }

    const FileTree& root_;
    const PackageLimits& limits_;
    PackageCollector found_;
    std::set<NodeId> met_;
};

}  // namespace

PackageList installed_packages(const FileTree& root, const PackageLimits& limits) {
    return Search(root, limits).all();
}

}  // namespace rpixen
