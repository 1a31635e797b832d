#include "flash/disks.hpp"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include <rpixen/error.hpp>

#include "base/printable.hpp"
#include "base/size.hpp"
#include "base/text.hpp"
#include "storage/file_descriptor.hpp"

namespace rpixen {
namespace {

namespace fs = std::filesystem;

/// The first line of a small file of /sys; empty where there is none.
std::string line_of(const fs::path& file) {
    std::ifstream in(file);
    std::string line;
    std::getline(in, line);
    return std::string(trimmed(line));
}

std::uint64_t number_of(const fs::path& file) {
    const std::string line = line_of(file);
    return line.empty() || line.find_first_not_of("0123456789") != std::string::npos || line.size() > 18
               ? 0
               : std::stoull(line);
}

/// The names in a folder of /sys, sorted; none where there is no such folder.
std::vector<std::string> names_in(const fs::path& folder) {
    std::vector<std::string> names;
    std::error_code failure;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder, failure))
        names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
}

/// "\040" stands for a space, and so on (proc_pid_mountinfo(5)).
std::string unescaped(const std::string& word) {
    std::string result;
    for (std::size_t place = 0; place < word.size(); ++place) {
        const bool octal = word[place] == '\\' && word.size() - place > 3 &&
                           word.find_first_not_of("01234567", place + 1) > place + 3;
        if (octal) {
            result += static_cast<char>(std::stoi(word.substr(place + 1, 3), nullptr, 8));
            place += 3;
        } else {
            result += word[place];
        }
    }
    return result;
}

/// What each device is in use for, by its number and by the name that the kernel gives it: a btrfs has a number of its
/// own, so that only the name of its device tells.
class Uses {
  public:
    explicit Uses(const SystemTables& tables) {
        std::ifstream mounts(tables.mounts);
        for (std::string line; std::getline(mounts, line);) add_mount(line);
        std::ifstream swaps(tables.swaps);
        std::string line;
        std::getline(swaps, line);  // the table's head
        while (std::getline(swaps, line)) {
            const std::string path = unescaped(line.substr(0, line.find_first_of(" \t")));
            add(name_of(path), "is swap space in use");
        }
    }

    /// Empty where it is free.
    std::string of(const std::string& number, const std::string& name) const {
        for (const std::string& key : {number, name})
            if (const auto found = uses_.find(key); !key.empty() && found != uses_.end()) return found->second;
        return {};
    }

  private:
    /// "36 35 8:17 / /mnt rw,noatime shared:1 - ext4 /dev/sdb1 rw"
    void add_mount(const std::string& line) {
        std::istringstream words(line);
        std::string id, parent, number, root, point, word, kind, source;
        words >> id >> parent >> number >> root >> point;
        while (words >> word && word != "-") {
        }
        words >> kind >> source;
        if (source.empty()) return;
        const std::string use = point == "/" ? "holds the running system" : "is mounted at " + unescaped(point);
        add(number, use);
        if (source.starts_with("/dev/")) add(name_of(unescaped(source)), use);
    }

    static std::string name_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

    void add(const std::string& key, const std::string& use) {
        const auto [place, is_new] = uses_.emplace(key, use);
        if (!is_new && use.starts_with("holds")) place->second = use;
    }

    std::map<std::string, std::string> uses_;
};

class System {
  public:
    explicit System(const SystemTables& tables) : block_(fs::path(tables.sys) / "block"), uses_(tables) {}

    std::vector<std::string> names() const {
        if (!fs::is_directory(block_))
            throw Error(ErrorCode::io, "the system does not tell its disks", {}, "a folder " + block_.string(),
                        "mount sysfs at /sys");
        return names_in(block_);
    }
    /// Whether it has hardware of its own that can be written to.
    bool is_hardware(const std::string& name) const {
        constexpr std::string_view scsi_cd = "5";  // TYPE_ROM, include/scsi/scsi_proto.h
        return fs::exists(block_ / name / "device") && line_of(block_ / name / "device/type") != scsi_cd;
    }
    std::string number(const std::string& name) const { return line_of(block_ / name / "dev"); }
    /// The partition of a disk that has this number; empty where it has none.
    std::string partition(const std::string& name, const std::string& number) const {
        for (const std::string& part : partitions_in(block_ / name))
            if (line_of(block_ / name / part / "dev") == number) return part;
        return {};
    }

    FlashDisk disk(const std::string& name) const {
        FlashDisk disk;
        disk.path = "/dev/" + name;
        std::replace(disk.path.begin(), disk.path.end(), '!', '/');  // "cciss!c0d0"
        disk.size = number_of(block_ / name / "size") * 512;         // in sectors of 512 bytes, whatever the disk's
        disk.model = model(name);
        disk.removable = removable(name);
        disk.refusal = refusal(name, disk.size);
        return disk;
    }

  private:
    static std::vector<std::string> partitions_in(const fs::path& disk) {
        std::vector<std::string> parts = names_in(disk);
        std::erase_if(parts, [&](const std::string& part) { return !fs::exists(disk / part / "partition"); });
        return parts;
    }

    std::string model(const std::string& name) const {
        const fs::path device = block_ / name / "device";
        std::string text = line_of(device / "vendor");
        if (text.starts_with("0x")) text.clear();  // a number of PCI or virtio
        for (const char* file : {"model", "name"}) {
            const std::string word = line_of(device / file);
            if (word.empty()) continue;
            text += (text.empty() ? "" : " ") + word;
            break;
        }
        return printable(text);
    }

    bool removable(const std::string& name) const {
        std::error_code failure;
        const std::string place = fs::canonical(block_ / name, failure).string();
        // A card in a reader of its own; the same driver has eMMC, which is soldered on (type "MMC").
        const bool card = name.starts_with("mmcblk") && line_of(block_ / name / "device/type") == "SD";
        return card || place.find("/usb") != std::string::npos || number_of(block_ / name / "removable") == 1;
    }

    std::string refusal(const std::string& name, std::uint64_t size) const {
        if (size == 0) return "there is no card in it";
        std::set<std::string> seen;
        if (std::string use = use_of(block_ / name, name, seen); !use.empty()) return use;
        if (std::string use = holder_of(block_ / name, name); !use.empty()) return use;
        if (number_of(block_ / name / "ro") == 1) return name + " is write-protected";
        return {};
    }

    /// Of a disk or partition, or of what lies on it.
    std::string use_of(const fs::path& place, const std::string& name, std::set<std::string>& seen) const {
        if (!seen.insert(name).second) return {};
        for (const std::string& word : {name, line_of(place / "dm/name")})
            if (const std::string use = uses_.of(line_of(place / "dev"), word); !use.empty()) return name + " " + use;
        for (const std::string& holder : names_in(place / "holders"))
            if (std::string use = use_of(block_ / holder, holder, seen); !use.empty()) return use;
        for (const std::string& part : partitions_in(place))
            if (std::string use = use_of(place / part, part, seen); !use.empty()) return use;
        return {};
    }

    /// What is held without being mounted is in use too: by a volume group, a RAID, an opened LUKS.
    std::string holder_of(const fs::path& place, const std::string& name) const {
        for (const std::string& holder : names_in(place / "holders")) return name + " is part of " + holder;
        for (const std::string& part : partitions_in(place))
            if (std::string use = holder_of(place / part, part); !use.empty()) return use;
        return {};
    }

    fs::path block_;
    Uses uses_;
};

[[noreturn]] void refuse(const std::string& message, const std::string& found, const std::string& change) {
    throw Error(ErrorCode::usage, message, found, "a whole disk that nothing uses", change);
}

}  // namespace

std::vector<FlashDisk> read_disks(const SystemTables& tables) {
    const System system(tables);
    std::vector<FlashDisk> disks;
    for (const std::string& name : system.names())
        if (system.is_hardware(name)) disks.push_back(system.disk(name));
    return disks;
}

FlashDisk find_disk(const std::string& path, const std::string& device_number, const SystemTables& tables) {
    const System system(tables);
    for (const std::string& name : system.names()) {
        if (system.number(name) == device_number) {
            FlashDisk disk = system.disk(name);
            disk.path = path;
            return disk;
        }
        if (const std::string part = system.partition(name, device_number); !part.empty())
            refuse("a card is a whole disk, and " + path + " is a part of one", "partition " + part,
                   "give /dev/" + name);
    }
    throw Error(ErrorCode::io, "the system knows no disk " + path, "device " + device_number, {},
                "'rpixen-img flash IMAGE' lists the disks that there are");
}

FlashDisk find_disk(const std::string& path, const SystemTables& tables) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) throw_io("examine", path);
    if (S_ISREG(status.st_mode))
        refuse(path + " is no card", "a regular file", "copy the image with cp, or compose it there with -o");
    if (!S_ISBLK(status.st_mode))
        refuse(path + " is no card", S_ISDIR(status.st_mode) ? "a folder" : "no block device",
               "'rpixen-img flash IMAGE' lists the disks that there are");
    return find_disk(path, std::to_string(major(status.st_rdev)) + ":" + std::to_string(minor(status.st_rdev)), tables);
}

void check_disk(const FlashDisk& disk, bool insisted) {
    if (!disk.refusal.empty())
        refuse(disk.path + " is not to be overwritten", disk.refusal, "give the card's device, or free this one first");
    if (!disk.removable && !insisted)
        refuse(disk.path + " is not removable: it may be a disk of this machine",
               disk.model.empty() ? format_size(disk.size) : disk.model + ", " + format_size(disk.size),
               "give the card's device; if it is this one, give --yes");
}

}  // namespace rpixen
