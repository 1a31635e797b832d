#include "artifact/guest_disk.hpp"

#include <algorithm>

#include <rpixen/error.hpp>

#include "artifact/ingest_root.hpp"
#include "base/all_zero.hpp"
#include "base/digest.hpp"
#include "fs/ext4/geometry.hpp"
#include "fs/ext4/size.hpp"
#include "fs/ext4/writer.hpp"
#include "storage/extent_source.hpp"
#include "storage/input_file.hpp"
#include "storage/output_file.hpp"
#include "storage/partition_output.hpp"
#include "storage/spooled_store.hpp"
#include "tree/newest_time.hpp"

namespace rpixen {
namespace {

/// As much as a root file system has free by default.
constexpr std::uint64_t free_bytes = 64 * MiB;

Uuid uuid_of(const std::string& seed) {
    const Sha256Digest digest = sha256(as_bytes(seed));
    Uuid uuid{};
    std::copy_n(digest.begin(), uuid.size(), uuid.begin());
    uuid[6] = (uuid[6] & std::byte{0x0f}) | std::byte{0x40};  // RFC 9562: version 4
    uuid[8] = (uuid[8] & std::byte{0x3f}) | std::byte{0x80};
    return uuid;
}

/// The blocks of `image` that are not all zeros.
std::vector<Range> blocks_with_data(const Content& image, const Supervision& supervision) {
    std::vector<Range> ranges;
    const auto open = image.open();
    Bytes buffer(std::min<std::uint64_t>(std::max<std::uint64_t>(image.size, 1), MiB));
    for (std::uint64_t done = 0; done < image.size;) {
        supervision.check();
        const MutableBytes part = MutableBytes(buffer).first(std::min<std::uint64_t>(buffer.size(), image.size - done));
        open->read(done, part);
        for (std::uint64_t block = 0; block < part.size(); block += ext4::block_size) {
            const std::uint64_t length = std::min<std::uint64_t>(ext4::block_size, part.size() - block);
            if (all_zero(ByteView(part).subspan(block, length))) continue;
            const std::uint64_t begin = done + block;
            if (!ranges.empty() && ranges.back().end == begin)
                ranges.back().end += length;
            else
                ranges.push_back({begin, begin + length});
        }
        done += part.size();
    }
    return ranges;
}

/// `image` without what is zeros.
GuestDisk without_zeros(const Content& image, const Supervision& supervision) {
    GuestDisk disk;
    disk.size = image.size;
    const std::vector<Range> ranges = blocks_with_data(image, supervision);
    for (const Range& range : ranges) disk.runs.push_back({range.begin, range.size()});
    disk.content = std::make_shared<ExtentSource>(image.source)->add([&] {
        std::vector<Range> places;
        for (const Range& range : ranges) places.push_back({image.position + range.begin, image.position + range.end});
        return places;
    }());
    return disk;
}

/// Writes `tree` as an ext4 into a file without a name.
Content write_disk(const FileTree& tree, const Ext4Wish& wish, const DiskMaking& making, const std::string& name,
                   const Supervision& supervision) {
    const Ext4Parameters parameters = size_ext4(tree, wish);
    OutputFile file(making.folder + "/rpixen-guest-disk");
    const std::uint64_t size = parameters.block_count * ext4::block_size;
    file.resize(size);
    PartitionOutput partition(file, {0, size});
    std::uint64_t done = 0;
    supervision.begin(Phase::writing, bytes_to_copy(tree));
    write_ext4(tree, parameters, partition, supervision, done);
    return file.written(name)->content();
}

}  // namespace

GuestDisk make_guest_disk(const Manifest& manifest, const Guest& guest, const DiskMaking& making,
                          const Supervision& supervision) {
    const auto store = spooled_store(making.folder);
    const CancelToken given_up(supervision.cancel);
    RootFileSystem system = ingest_root({*guest.disk}, *store, supervision, given_up);
    GuestDisk disk;
    if (system.prebuilt) {
        disk = without_zeros(*system.prebuilt, supervision);
    } else {
        const std::string seed = "rpixen-img guest disk\n" + manifest.name + "\n" + guest.name;
        Ext4Wish wish;
        wish.label = guest.name.substr(0, 16);
        wish.uuid = uuid_of(seed);
        wish.hash_seed = uuid_of(seed + "\nhash");
        wish.time = {making.time.value_or(newest_time(system.tree, earliest_time)), 0};
        wish.free = free_bytes;
        disk = without_zeros(write_disk(system.tree, wish, making, "the disk of guest " + guest.name, supervision),
                             supervision);
    }
    disk.notes = std::move(system.notes);
    disk.inputs = std::move(system.inputs);
    return disk;
}

}  // namespace rpixen
