#include "rules/root_device.hpp"

#include <charconv>

#include "base/text.hpp"
#include "rules/rules.hpp"

namespace rpixen {
namespace {

/// By a property of the partitions: the first that has the wanted value.
RootDevice by(const DiskFacts& facts, const std::string& key, const std::string& wanted, bool exactly,
              std::string PartitionFacts::*property) {
    RootDevice device;
    device.of_card = true;
    for (const PartitionFacts& part : facts.partitions) {
        const std::string& value = part.*property;
        if (value.empty()) continue;
        device.names.push_back(key + value);
        if (!device.partition && (exactly ? value == wanted : same_name(value, wanted))) device.partition = &part;
    }
    return device;
}

}  // namespace

RootDevice root_device(const DiskFacts& facts, const std::string& name) {
    const auto behind = [&](std::string_view prefix) { return name.substr(prefix.size()); };
    for (const auto& [key, property, exactly] : {std::tuple("PARTUUID=", &PartitionFacts::uuid, false),
                                                 std::tuple("UUID=", &PartitionFacts::file_system_uuid, false),
                                                 std::tuple("LABEL=", &PartitionFacts::label, true)})
        if (name.starts_with(key)) return by(facts, key, behind(key), exactly, property);
    RootDevice device;
    constexpr std::string_view card = "/dev/mmcblk";
    if (!name.starts_with(card)) return device;
    device.of_card = true;
    const std::string rest = behind(card);
    const std::size_t p = rest.find('p');
    device.whole_card = p == std::string::npos;
    if (device.whole_card) return device;
    unsigned number = 0;
    std::from_chars(rest.data() + p + 1, rest.data() + rest.size(), number);
    for (const PartitionFacts& part : facts.partitions) {
        device.names.push_back("/dev/mmcblk0p" + std::to_string(part.number));
        if (part.number == number) device.partition = &part;
    }
    return device;
}

bool is_root_of_dom0(const BootScenario& scenario) {
    if (!scenario.disk || !scenario.dom0_bootargs) return false;
    const auto name = command_line_value(*scenario.dom0_bootargs, "root");
    if (!name) return false;
    const PartitionFacts* partition = root_device(*scenario.disk, *name).partition;
    return partition && partition->number == scenario.disk->root_partition;
}

}  // namespace rpixen
