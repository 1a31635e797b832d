#include "backend/guestfs/card_access.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cctype>

#include <rpixen/error.hpp>

#include "backend/guestfs/appliance.hpp"
#include "backend/guestfs/appliance_pipe.hpp"
#include "backend/guestfs/file_systems.hpp"
#include "base/bytes.hpp"

namespace rpixen {
namespace {

using namespace guestfs;  // the functions of library.hpp among them

void free_strings(char** strings) {
    for (char** string = strings; *string; ++string) free(*string);
    free(strings);
}
using Strings = rpixen::Handle<char*, free_strings>;
void free_partitions(guestfs_partition_list* list) {
    guestfs_free_partition_list(list);
}
void free_status(struct guestfs_statns* status) {
    guestfs_free_statns(status);
}
void free_attributes(guestfs_xattr_list* list) {
    guestfs_free_xattr_list(list);
}
using PartitionList = rpixen::Handle<guestfs_partition_list, free_partitions>;
using Status = rpixen::Handle<struct guestfs_statns, free_status>;
using Attributes = rpixen::Handle<guestfs_xattr_list, free_attributes>;

std::vector<guestfs::Disk> read_only(const std::vector<std::string>& images) {
    std::vector<guestfs::Disk> disks;
    for (const std::string& image : images) disks.push_back({image, true});
    return disks;
}

bool is_fat(const AppliancePartition& partition) {
    return partition.file_system == "vfat";
}

class Cards final : public ApplianceCards {
  public:
    Cards(const std::vector<std::string>& images, const Supervision& supervision)
        : supervision_(supervision), appliance_(read_only(images), supervision) {
        run([&](guestfs_h* g) {
            const Strings devices(guestfs_list_devices(g));
            if (!devices) throw_guestfs(g, "list the images");
            for (char** device = devices.get(); *device; ++device) devices_.emplace_back(*device);
        });
    }

    const std::vector<std::string>& notes() const override { return appliance_.notes(); }

    std::uint32_t disk_signature(std::size_t card) override {
        std::uint32_t signature = 0;
        run([&](guestfs_h* g) {
            size_t count = 0;
            const Text bytes(guestfs_pread_device(g, devices_.at(card).c_str(), 4, 440, &count));
            if (!bytes || count != 4) throw_guestfs(g, "read the disk signature");
            signature = load_le<std::uint32_t>(as_bytes({bytes.get(), count}).data());
        });
        return signature;
    }

    std::vector<AppliancePartition> partitions(std::size_t card) override {
        std::vector<AppliancePartition> partitions;
        run([&](guestfs_h* g) {
            const std::string& disk = devices_.at(card);
            const PartitionList list(guestfs_part_list(g, disk.c_str()));
            if (!list) throw_guestfs(g, "read the partition table");
            for (uint32_t index = 0; index < list->len; ++index) {
                const guestfs_partition& entry = list->val[index];
                AppliancePartition partition;
                partition.number = entry.part_num;
                partition.range = {entry.part_start, entry.part_start + entry.part_size};
                const int type = guestfs_part_get_mbr_id(g, disk.c_str(), entry.part_num);
                check(g, type, "read a partition's type");
                partition.mbr_type = static_cast<std::uint8_t>(type);
                const int active = guestfs_part_get_bootable(g, disk.c_str(), entry.part_num);
                check(g, active, "read a partition's active flag");
                partition.active = active != 0;
                const std::string device = device_of(card, partition);
                // An unknown file system has no words, which is no failure.
                partition.file_system = text_or_empty(guestfs_vfs_type(g, device.c_str()));
                partition.label = text_or_empty(guestfs_vfs_label(g, device.c_str()));
                partition.identifier = text_or_empty(guestfs_vfs_uuid(g, device.c_str()));
                partitions.push_back(std::move(partition));
            }
        });
        return partitions;
    }

    std::string check_file_system(std::size_t card, const AppliancePartition& partition) override {
        std::string verdict;
        run([&](guestfs_h* g) {
            const std::string device = device_of(card, partition);
            if (!is_fat(partition)) {
                // Preens: what e2fsck would have to ask about is a failure.
                if (guestfs_e2fsck(g, device.c_str(), GUESTFS_E2FSCK_CORRECT, 1, -1) == -1)
                    verdict = guestfs_last_error(g);
                return;
            }
            const int status = guestfs_fsck(g, partition.file_system.c_str(), device.c_str());
            if (status == -1) verdict = guestfs_last_error(g);
            if (status > 0) verdict = "fsck." + partition.file_system + " found errors";
        });
        return verdict;
    }

    void stream_files(std::size_t card, const AppliancePartition& partition,
                      const std::function<void(int)>& consume) override {
        mounted(card, partition, [&](guestfs_h* g) {
            guestfs::pipe_out_of(
                [&](const std::string& pipe) {
                    // Without acls: tar then keeps access control lists as the binary attributes that they
                    // are.
                    check(g,
                          guestfs_tar_out_opts(g, "/", pipe.c_str(), GUESTFS_TAR_OUT_OPTS_NUMERICOWNER, 1,
                                               GUESTFS_TAR_OUT_OPTS_XATTRS, 1, -1),
                          "read the files of partition " + std::to_string(partition.number));
                },
                consume);
        });
    }

    std::vector<ApplianceSpecial> specials(std::size_t card, const AppliancePartition& partition,
                                           const FileTree& known) override {
        std::vector<ApplianceSpecial> specials;
        mounted(card, partition, [&](guestfs_h* g) {
            std::string names;
            guestfs::pipe_out_of(
                [&](const std::string& pipe) { check(g, guestfs_find0(g, "/", pipe.c_str()), "list the files"); },
                [&](int descriptor) { names = guestfs::read_to_end(descriptor); });
            for (std::size_t start = 0; start < names.size();) {
                const std::size_t end = std::min(names.find('\0', start), names.size());
                const std::string path = "/" + names.substr(start, end - start);
                start = end + 1;
                const auto node = known.find(path);
                if (!node || is_special(known.type(*node))) add_special(g, path, specials);
            }
        });
        return specials;
    }

  private:
    void run(const std::function<void(guestfs_h*)>& work) { appliance_.run(work, supervision_); }

    void mounted(std::size_t card, const AppliancePartition& partition, const std::function<void(guestfs_h*)>& work) {
        run([&](guestfs_h* g) {
            const std::string device = device_of(card, partition);
            check(
                g,
                guestfs_mount_options(g, guestfs::mount_options(is_fat(partition), true).c_str(), device.c_str(), "/"),
                "mount partition " + std::to_string(partition.number));
            try {
                work(g);
            } catch (...) {
                guestfs_umount(g, "/");
                throw;
            }
            check(g, guestfs_umount(g, "/"), "unmount partition " + std::to_string(partition.number));
        });
    }

    static bool is_special(NodeType type) {
        return type != NodeType::directory && type != NodeType::file && type != NodeType::symlink;
    }

    static void add_special(guestfs_h* g, const std::string& path, std::vector<ApplianceSpecial>& specials) {
        const Status status(guestfs_lstatns(g, path.c_str()));
        if (!status) throw_guestfs(g, "examine " + path);
        ApplianceSpecial special;
        switch (status->st_mode & S_IFMT) {
            case S_IFSOCK:
                special.type = NodeType::socket;
                break;
            case S_IFIFO:
                special.type = NodeType::fifo;
                break;
            case S_IFCHR:
                special.type = NodeType::character_device;
                break;
            case S_IFBLK:
                special.type = NodeType::block_device;
                break;
            default:
                return;
        }
        special.path = path;
        special.inode = static_cast<std::uint64_t>(status->st_ino);
        special.metadata = {static_cast<std::uint16_t>(status->st_mode & 07777),
                            static_cast<std::uint32_t>(status->st_uid),
                            static_cast<std::uint32_t>(status->st_gid),
                            {status->st_mtime_sec, static_cast<std::uint32_t>(status->st_mtime_nsec)}};
        const Attributes attributes(guestfs_lgetxattrs(g, path.c_str()));
        if (!attributes) throw_guestfs(g, "read the attributes of " + path);
        for (uint32_t index = 0; index < attributes->len; ++index) {
            const guestfs_xattr& attribute = attributes->val[index];
            special.xattrs.emplace_back(attribute.attrname, std::string(attribute.attrval, attribute.attrval_len));
        }
        std::sort(special.xattrs.begin(), special.xattrs.end());
        specials.push_back(std::move(special));
    }

    std::string device_of(std::size_t card, const AppliancePartition& partition) const {
        return devices_.at(card) + std::to_string(partition.number);
    }

    static std::string text_or_empty(char* allocated) {
        const Text text(allocated);
        return text ? text.get() : "";
    }

    const Supervision& supervision_;
    guestfs::Appliance appliance_;
    std::vector<std::string> devices_;
};

}  // namespace

std::unique_ptr<ApplianceCards> open_in_appliance(const std::vector<std::string>& images,
                                                  const Supervision& supervision) {
    return std::make_unique<Cards>(images, supervision);
}

}  // namespace rpixen
