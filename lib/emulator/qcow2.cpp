#include "emulator/qcow2.hpp"

#include <algorithm>
#include <map>

#include "base/size.hpp"

namespace rpixen::qcow2 {
namespace {

constexpr std::uint64_t cluster = 64 * KiB;
constexpr std::uint64_t entries = cluster / 8;            // of an L1, L2 or reference count table
constexpr std::uint64_t reach_of_l2 = entries * cluster;  // 512 MiB of disk for each L2 table
constexpr std::uint64_t copied = std::uint64_t{1} << 63;  // "reference count is exactly one"

// Where the tables of a fresh overlay stand, in clusters.
constexpr std::uint64_t count_table = 1;
constexpr std::uint64_t count_block = 2;
constexpr std::uint64_t l1_table = 3;
constexpr std::uint64_t first_free = 4;

// Header, big endian (docs/interop/qcow2.rst).
namespace at {
constexpr std::size_t magic = 0, version = 4, backing_offset = 8, backing_length = 16, cluster_bits = 20,
                      disk_size = 24, l1_entries = 36, l1_offset = 40, count_offset = 48, count_clusters = 56,
                      count_order = 96, header_length = 100, extensions = 104;
}  // namespace at
constexpr std::uint32_t header_magic = 0x514649fb;
constexpr std::uint32_t backing_format_extension = 0xe2792aca;

}  // namespace

Bytes make_overlay(const Overlay& overlay, OpenContent& backing) {
    if (overlay.size > entries * reach_of_l2 / 4)
        throw Error(ErrorCode::unfit, "the card is too large for an emulated one", format_size(overlay.size),
                    "at most 1TiB");
    if (overlay.backing.size() > 1023) throw Error(ErrorCode::unfit, "the image's path is too long for an overlay");

    std::map<std::uint64_t, Bytes> clusters;  // by number in the disk
    for (const Patch& patch : overlay.patches) {
        if (checked_add(patch.offset, patch.bytes.size()) > overlay.backing_size)
            throw Error(ErrorCode::unfit, "a change lies outside the image", format_address(patch.offset));
        std::uint64_t done = 0;
        while (done < patch.bytes.size()) {
            const std::uint64_t place = patch.offset + done;
            const std::uint64_t number = place / cluster;
            Bytes& bytes = clusters[number];
            if (bytes.empty()) {
                bytes.resize(cluster);
                const std::uint64_t there = std::min(cluster, overlay.backing_size - number * cluster);
                backing.read(number * cluster, MutableBytes(bytes).first(there));
            }
            const std::uint64_t inside = place % cluster;
            const std::uint64_t length = std::min(cluster - inside, patch.bytes.size() - done);
            std::copy_n(patch.bytes.begin() + static_cast<std::ptrdiff_t>(done), length,
                        bytes.begin() + static_cast<std::ptrdiff_t>(inside));
            done += length;
        }
    }

    std::map<std::uint64_t, std::uint64_t> l2_tables;  // number in L1 -> cluster of the file
    std::uint64_t next = first_free;
    for (const auto& [number, bytes] : clusters)
        if (l2_tables.try_emplace(number / entries, next).second) ++next;
    const std::uint64_t total = next + clusters.size();
    if (total > cluster / 2) throw Error(ErrorCode::unfit, "too many changes for one overlay");

    Bytes out(total * cluster);
    const auto put = [&](std::uint64_t offset, auto value) { store_be(out.data() + offset, value); };
    put(at::magic, header_magic);
    put(at::version, std::uint32_t{3});
    put(at::cluster_bits, std::uint32_t{16});
    put(at::disk_size, overlay.size);
    put(at::l1_entries, static_cast<std::uint32_t>(divide_up(overlay.size, reach_of_l2)));
    put(at::l1_offset, l1_table * cluster);
    put(at::count_offset, count_table * cluster);
    put(at::count_clusters, std::uint32_t{1});
    put(at::count_order, std::uint32_t{4});
    put(at::header_length, std::uint32_t{at::extensions});
    put(at::extensions, backing_format_extension);
    put(at::extensions + 4, std::uint32_t{3});
    std::ranges::copy(as_bytes("raw"), out.begin() + at::extensions + 8);
    // The extension's data is padded to 8 bytes; an empty extension ends the list; the name follows.
    constexpr std::uint64_t name_at = at::extensions + 24;
    put(at::backing_offset, name_at);
    put(at::backing_length, static_cast<std::uint32_t>(overlay.backing.size()));
    std::ranges::copy(as_bytes(overlay.backing), out.begin() + static_cast<std::ptrdiff_t>(name_at));

    put(count_table * cluster, count_block * cluster);
    for (std::uint64_t used = 0; used < total; ++used) put(count_block * cluster + used * 2, std::uint16_t{1});
    for (const auto& [number, place] : l2_tables) put(l1_table * cluster + number * 8, copied | place * cluster);
    for (const auto& [number, bytes] : clusters) {
        put(l2_tables[number / entries] * cluster + number % entries * 8, copied | next * cluster);
        std::ranges::copy(bytes, out.begin() + static_cast<std::ptrdiff_t>(next * cluster));
        ++next;
    }
    return out;
}

}  // namespace rpixen::qcow2
