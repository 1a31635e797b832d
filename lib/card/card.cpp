#include "card/card.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "card/identifier.hpp"

namespace rpixen {

const Ext* Partition::ext() const {
    if (const Copied* prebuilt = copied()) return &prebuilt->ext;
    return std::get_if<Ext>(&file_system);
}

Ext* Partition::ext() {
    if (Copied* prebuilt = copied()) return &prebuilt->ext;
    return std::get_if<Ext>(&file_system);
}

std::string Partition::file_system_name() const {
    if (fat()) return "fat" + std::to_string(fat()->bits);
    if (ext()) return "ext" + std::to_string(ext()->version);
    return std::get<Foreign>(file_system).name;
}

std::uint64_t Partition::file_system_size() const {
    return fat() ? fat()->size : ext() ? ext()->size : 0;
}

std::string Partition::label() const {
    return fat() ? fat()->label : ext() ? ext()->label : std::string();
}

std::string Partition::label_on_disk() const {
    return fat() ? upper_case(fat()->label.substr(0, 11)) : label();
}

std::string Partition::identifier() const {
    if (fat()) return format_volume_id(fat()->volume_id);
    return ext() ? format_uuid(ext()->uuid) : std::string();
}

std::string Partition::type_text() const {
    if (!type_guid.empty() || number == 0) return type_guid;
    return "0x" + hex_number(mbr_type, 2);
}

const char* name_of(PartitionTable table) noexcept {
    switch (table) {
        case PartitionTable::none:
            return "none";
        case PartitionTable::mbr:
            return "mbr";
        case PartitionTable::gpt:
            return "gpt";
    }
    return "none";
}

const Partition* Card::boot_partition() const {
    const auto found = std::find_if(partitions.begin(), partitions.end(),
                                    [](const Partition& partition) { return partition.fat() != nullptr; });
    return found == partitions.end() ? nullptr : &*found;
}

const Partition* Card::partition(int number) const {
    const auto found = std::find_if(partitions.begin(), partitions.end(),
                                    [&](const Partition& partition) { return partition.number == number; });
    return found == partitions.end() ? nullptr : &*found;
}

std::string mbr_partuuid(std::uint32_t disk_signature, int number) {
    return hex_number(disk_signature, 8) + "-" + hex_number(static_cast<std::uint64_t>(number), 2);
}

}  // namespace rpixen
