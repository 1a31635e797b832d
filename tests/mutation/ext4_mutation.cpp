#include "mutation/ext4_mutation.hpp"

#include <algorithm>

#include "base/size.hpp"
#include "fs/ext4/checksum.hpp"

namespace rpixen::test {
namespace {

using ext4::crc32c;

// Linux fs/ext4/ext4.h: struct ext4_super_block, ext4_group_desc, ext4_inode.
constexpr std::uint64_t superblock_place = 1024;
constexpr std::uint32_t metadata_csum = 0x400;  // s_feature_ro_compat
constexpr std::uint32_t csum_seed = 0x2000;     // s_feature_incompat
constexpr std::uint32_t extents_flag = 0x80000;
constexpr unsigned directory_type = 0x4000;
constexpr unsigned file_type = 0x8000;

Bytes le32(std::uint32_t value) {
    Bytes bytes(4);
    store_le(bytes.data(), value);
    return bytes;
}

}  // namespace

Ext4Mutation::Ext4Mutation(MutatedFile& file) : file_(file) {
    const auto super = [&](std::uint64_t offset) { return file.number<std::uint32_t>(superblock_place + offset); };
    block_size_ = std::uint64_t{1024} << super(24);
    first_data_block_ = super(20);
    blocks_per_group_ = super(32);
    inodes_per_group_ = super(40);
    inode_size_ = super(76) == 0 ? 128 : file.number<std::uint16_t>(superblock_place + 88);
    const auto told = file.number<std::uint16_t>(superblock_place + 254);
    descriptor_size_ = (super(96) & 0x80U) != 0 ? told : 32;
    groups_ = divide_up(super(4) - first_data_block_, blocks_per_group_);
    checksums_ = (super(100) & metadata_csum) != 0;
    seed_ = (super(96) & csum_seed) != 0 ? super(624) : crc32c(0xffffffff, file.read(superblock_place + 104, 16));
    for (std::uint32_t number = 1; number <= inodes_per_group_ * groups_; ++number)
        if (file.number<std::uint16_t>(inode_place(number)) != 0) used_.push_back(number);
}

std::uint64_t Ext4Mutation::descriptor(std::uint64_t group) const {
    return (first_data_block_ + 1) * block_size_ + group * descriptor_size_;
}

std::uint64_t Ext4Mutation::inode_place(std::uint32_t number) const {
    const std::uint64_t table = file_.number<std::uint32_t>(descriptor((number - 1) / inodes_per_group_) + 8);
    return table * block_size_ + (number - 1) % inodes_per_group_ * inode_size_;
}

std::uint32_t Ext4Mutation::inode_seed(std::uint32_t number) const {
    return crc32c(crc32c(seed_, le32(number)), file_.read(inode_place(number) + 100, 4));
}

std::uint32_t Ext4Mutation::used_inode(unsigned type) {
    std::vector<std::uint32_t> fitting;
    for (const std::uint32_t number : used_)
        if (type == 0 || (file_.number<std::uint16_t>(inode_place(number)) & 0xf000U) == type)
            fitting.push_back(number);
    return chance_.of(fitting);
}

std::uint64_t Ext4Mutation::first_block(std::uint32_t number) const {
    const std::uint64_t place = inode_place(number);
    if ((file_.number<std::uint32_t>(place + 32) & extents_flag) == 0) return file_.number<std::uint32_t>(place + 40);
    std::uint64_t node = place + 40;
    if (file_.number<std::uint16_t>(node + 6) != 0) node = file_.number<std::uint32_t>(node + 16) * block_size_;
    return file_.number<std::uint32_t>(node + 12 + 8);
}

void Ext4Mutation::change(std::uint64_t place, std::size_t size) {
    const Bytes old = file_.read(place, size);
    std::uint64_t value = 0;
    for (std::size_t index = size; index-- > 0;) value = value << 8 | std::to_integer<std::uint64_t>(old[index]);
    value = chance_.value(value, size);
    Bytes changed(size);
    for (std::size_t index = 0; index < size; ++index) changed[index] = static_cast<std::byte>(value >> (8 * index));
    file_.write(place, changed);
}

void Ext4Mutation::correct_superblock() {
    file_.set(superblock_place + 1020, crc32c(0xffffffff, file_.read(superblock_place, 1020)));
}

void Ext4Mutation::correct_descriptor(std::uint64_t group) {
    Bytes bytes = file_.read(descriptor(group), descriptor_size_);
    store_le(&bytes[30], std::uint16_t{0});
    const std::uint32_t crc = crc32c(crc32c(seed_, le32(static_cast<std::uint32_t>(group))), bytes);
    file_.set(descriptor(group) + 30, static_cast<std::uint16_t>(crc));
}

void Ext4Mutation::correct_inode(std::uint32_t number) {
    const std::uint64_t place = inode_place(number);
    Bytes bytes = file_.read(place, inode_size_);
    const bool high = inode_size_ > 128 && load_le<std::uint16_t>(&bytes[128]) >= 4;
    store_le(&bytes[124], std::uint16_t{0});
    if (high) store_le(&bytes[130], std::uint16_t{0});
    const std::uint32_t crc = crc32c(inode_seed(number), bytes);
    file_.set(place + 124, static_cast<std::uint16_t>(crc));
    if (high) file_.set(place + 130, static_cast<std::uint16_t>(crc >> 16));
}

void Ext4Mutation::superblock() {
    // Where fields of 4 bytes begin, then those of 2.
    static const std::vector<std::uint64_t> wide{0,   4,   8,   12,  16,  20,  24,  28,  32,  36,  40,  44,  48,
                                                 64,  68,  72,  76,  84,  92,  96,  100, 208, 224, 228, 256, 260,
                                                 288, 336, 340, 344, 352, 368, 372, 460, 464, 584, 588, 624};
    static const std::vector<std::uint64_t> narrow{52, 54, 56, 58, 60, 62, 80, 82, 88, 90, 206, 254, 348, 350};
    if (chance_.one_in(8))
        change(superblock_place + chance_.below(1020), 1);
    else if (chance_.one_in(3))
        change(superblock_place + chance_.of(narrow), 2);
    else
        change(superblock_place + chance_.of(wide), 4);
    if (correct()) correct_superblock();
}

void Ext4Mutation::group_descriptor() {
    static const std::vector<std::uint64_t> narrow{12, 14, 16, 18, 24, 26, 28, 30};
    const std::uint64_t group = chance_.below(groups_);
    if (chance_.one_in(2))
        change(descriptor(group) + chance_.of(narrow), 2);
    else
        change(descriptor(group) + 4 * chance_.below(descriptor_size_ / 4), 4);
    if (correct()) correct_descriptor(group);
}

void Ext4Mutation::inode() {
    const std::uint32_t number = used_inode(0);
    static const std::vector<std::uint64_t> narrow{0, 2, 24, 26, 116, 118, 120, 122, 128, 130};
    if (chance_.one_in(2))
        change(inode_place(number) + chance_.of(narrow), 2);
    else
        change(inode_place(number) + 4 * chance_.below(inode_size_ / 4), 4);
    if (correct()) correct_inode(number);
}

void Ext4Mutation::extents() {
    const std::uint32_t number = used_inode(chance_.one_in(2) ? file_type : 0);
    const std::uint64_t place = inode_place(number) + 40;
    const bool tree = (file_.number<std::uint32_t>(inode_place(number) + 32) & extents_flag) != 0;
    if (tree && file_.number<std::uint16_t>(place + 6) != 0 && chance_.one_in(2)) {
        const std::uint64_t block = file_.number<std::uint32_t>(place + 16) * block_size_;
        change(block + 2 * chance_.below(24), 2);
        const std::uint64_t tail = block + 12 + std::uint64_t{12} * file_.number<std::uint16_t>(block + 4);
        if (correct() && tail + 4 <= block + block_size_)
            file_.set(tail, crc32c(inode_seed(number), file_.read(block, tail - block)));
        return;
    }
    if (!tree && file_.number<std::uint32_t>(place + 48) != 0 && chance_.one_in(2))
        return change(file_.number<std::uint32_t>(place + 48) * block_size_ + 4 * chance_.below(16), 4);
    if (tree && chance_.one_in(2))
        change(place + 2 * chance_.below(30), 2);
    else
        change(place + 4 * chance_.below(15), 4);
    if (correct()) correct_inode(number);
}

void Ext4Mutation::directory() {
    const std::uint32_t number = used_inode(directory_type);
    const std::uint64_t begin = first_block(number) * block_size_;
    if (begin == 0) return;
    std::vector<std::uint64_t> entries{begin};
    while (entries.size() < 400) {
        const auto length = file_.number<std::uint16_t>(entries.back() + 4);
        if (length < 8 || entries.back() + length >= begin + block_size_) break;
        entries.push_back(entries.back() + length);
    }
    const std::uint64_t entry = chance_.of(entries);
    switch (chance_.below(5)) {
        case 0:
            change(entry, 4);
            break;
        case 1:
            change(entry + 4, 2);
            break;
        case 2:
            change(entry + 6 + chance_.below(2), 1);
            break;
        case 3:
            change(entry + 8 + chance_.below(8), 1);
            break;
        default:
            change(begin + chance_.below(block_size_), 1);
    }
    const std::uint64_t tail = begin + block_size_ - 12;
    if (correct() && file_.number<std::uint8_t>(tail + 7) == 0xde)
        file_.set(tail + 8, crc32c(inode_seed(number), file_.read(begin, block_size_ - 12)));
}

void Ext4Mutation::bitmap() {
    const std::uint64_t group = chance_.below(groups_);
    const bool inodes = chance_.one_in(2);
    const std::uint64_t block = file_.number<std::uint32_t>(descriptor(group) + (inodes ? 4 : 0)) * block_size_;
    const std::uint64_t bytes = (inodes ? inodes_per_group_ : blocks_per_group_) / 8;
    change(block + chance_.below(chance_.one_in(4) ? block_size_ : std::min<std::uint64_t>(bytes, 64)), 1);
    if (!correct()) return;
    const std::uint32_t crc = crc32c(seed_, file_.read(block, bytes));
    file_.set(descriptor(group) + (inodes ? 26 : 24), static_cast<std::uint16_t>(crc));
    if (descriptor_size_ >= 64)
        file_.set(descriptor(group) + (inodes ? 58 : 56), static_cast<std::uint16_t>(crc >> 16));
    correct_descriptor(group);
}

void Ext4Mutation::attributes() {
    std::vector<std::uint32_t> with_block;
    for (const std::uint32_t number : used_)
        if (file_.number<std::uint32_t>(inode_place(number) + 104) != 0) with_block.push_back(number);
    if (with_block.empty() || chance_.one_in(2)) {
        const std::uint32_t number = used_inode(file_type);
        if (inode_size_ <= 160) return;
        change(inode_place(number) + 160 + chance_.below(inode_size_ - 160), 1);
        if (correct()) correct_inode(number);
        return;
    }
    const std::uint64_t block = file_.number<std::uint32_t>(inode_place(chance_.of(with_block)) + 104);
    const std::uint64_t place = block * block_size_;
    change(place + (chance_.one_in(2) ? chance_.below(64) : chance_.below(block_size_)), 1);
    if (!correct()) return;
    Bytes bytes = file_.read(place, block_size_);
    store_le(&bytes[16], std::uint32_t{0});
    Bytes number(8);
    store_le(number.data(), block);
    file_.set(place + 16, crc32c(crc32c(seed_, number), bytes));
}

void Ext4Mutation::journal() {
    const std::uint32_t number = file_.number<std::uint32_t>(superblock_place + 224);
    if (number == 0) return superblock();
    const std::uint64_t place = first_block(number) * block_size_;
    if (chance_.one_in(2)) return change(place + 4 * chance_.below(24), 4);
    change(inode_place(number) + 4 * chance_.below(32), 4);
    if (correct()) correct_inode(number);
}

}  // namespace rpixen::test
