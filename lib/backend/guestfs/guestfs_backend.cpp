#include <sys/stat.h>

#include <rpixen/error.hpp>

#include "backend/guestfs/appliance.hpp"
#include "backend/guestfs/file_systems.hpp"
#include "backend/image_backend.hpp"
#include "fs/fat/writer.hpp"
#include "fs/prebuilt_copy.hpp"
#include "storage/file_descriptor.hpp"
#include "storage/partition_output.hpp"

namespace rpixen {
namespace {

using namespace guestfs;  // the functions of library.hpp among them

constexpr std::uint64_t sector = 512;

void make_partition_table(guestfs_h* g, const Card& plan) {
    check(g, guestfs_part_init(g, "/dev/sda", "mbr"), "make a partition table");
    int number = 0;
    for (const Partition& partition : plan.partitions) {
        ++number;
        const std::string what = " partition " + std::to_string(number) + " (" + partition.name + ")";
        check(g,
              guestfs_part_add(g, "/dev/sda", "p", narrow<int64_t>(partition.range.begin / sector),
                               narrow<int64_t>(partition.range.end / sector - 1)),
              "add" + what);
        check(g, guestfs_part_set_mbr_id(g, "/dev/sda", number, partition.mbr_type), "set the type of" + what);
        if (partition.active) check(g, guestfs_part_set_bootable(g, "/dev/sda", number, 1), "activate" + what);
    }
    // Byte 440 of the master boot record: parted chooses a random signature of its own.
    guestfs::write_device_le32(g, "/dev/sda", 440, plan.disk_signature);
}

/// mkfs.fat makes a FAT16 of anything below 512 MiB unless it is told -F 32, and libguestfs cannot tell it.
void make_empty_fat32(const Partition& partition, OutputFile& output, const Supervision& supervision) {
    PartitionOutput part(output, partition.range);
    std::uint64_t done = 0;
    write_fat32(FileTree{}, *partition.fat(), part, supervision, done);
}

std::uint64_t bytes_allocated(const OutputFile& output) {
    struct stat status {};
    if (::fstat(output.descriptor(), &status) != 0) throw_io("examine", output.path());
    return static_cast<std::uint64_t>(status.st_blocks) * 512;
}

class GuestfsBackend final : public ImageBackend {
  public:
    std::string name() const override { return "guestfs"; }

    WrittenImage write(const Card& plan, OutputFile& output, const Supervision& supervision) override {
        output.resize(0);
        output.resize(plan.size);
        for (const Partition& partition : plan.partitions) {
            if (partition.fat()) make_empty_fat32(partition, output, supervision);
            if (!partition.copied()) continue;
            // Needs no appliance, and is there before that starts.
            supervision.begin(Phase::copying, partition.copied()->content.size, partition.name);
            PartitionOutput place(output, partition.range);
            std::uint64_t done = 0;
            copy_prebuilt(partition.copied()->content, place, supervision, done);
        }

        Appliance appliance({{output.name_temporarily(), false}}, supervision);
        appliance.run([&](guestfs_h* g) { make_partition_table(g, plan); }, supervision);
        int number = 0;
        for (const Partition& partition : plan.partitions) {
            const std::string device = "/dev/sda" + std::to_string(++number);
            if (partition.copied()) continue;
            guestfs::fill(appliance, device, partition, supervision);
        }
        supervision.begin(Phase::stopping, 0);
        appliance.shut_down(supervision);

        WrittenImage written;
        written.size = plan.size;
        written.bytes_written = bytes_allocated(output);
        // Which blocks do not matter only the appliance's kernel knows.
        written.mapped = {{0, plan.size}};
        written.notes = appliance.notes();
        return written;
    }
};

}  // namespace

std::unique_ptr<ImageBackend> guestfs_backend() {
    return std::make_unique<GuestfsBackend>();
}

}  // namespace rpixen
