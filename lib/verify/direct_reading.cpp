#include "verify/card_reading.hpp"

#include <future>

#include <rpixen/error.hpp>

#include "backend/direct/ext4_health.hpp"
#include "verify/identifier.hpp"

namespace rpixen {
namespace {

Difference fault_of(const std::string& partition, const Problem& problem) {
    const std::string path = problem.location.pointer.empty() ? "file system" : problem.location.pointer;
    return {partition, path, problem.message, problem.allowed, problem.found};
}

struct Health {
    std::vector<Problem> problems;
    std::vector<std::string> unproven;
};

PartitionPlan plan_of(CardPartition& partition) {
    PartitionPlan plan;
    plan.name = "partition " + std::to_string(partition.number);
    plan.range = partition.range;
    plan.mbr_type = partition.mbr_type;
    plan.active = partition.active;
    plan.kind = partition.fat() ? FileSystemKind::fat32 : FileSystemKind::ext4;
    if (partition.fat()) {
        plan.fat32.label = partition.label;
        plan.fat32.volume_id = parse_volume_id(partition.uuid).value_or(0);
    } else {
        plan.ext4.label = partition.label;
        plan.ext4.uuid = parse_uuid(partition.uuid).value_or(Uuid{});
    }
    plan.tree = std::move(partition.tree);
    return plan;
}

}  // namespace

CardReading read_directly(const ContentSourcePtr& image, std::uint64_t size, const Supervision& supervision) {
    Card card = read_partitions(image, size);
    // Half of the time is checksums, and both passes take them: so on two processors.
    std::vector<std::future<Health>> checks;
    for (const CardPartition& partition : card.partitions)
        checks.push_back(std::async(
            std::launch::async, [&image, &supervision, range = partition.readable, ext = partition.ext()] {
                Health health;
                if (ext) check_ext4(image, range, health.problems, health.unproven, supervision);
                return health;
            }));
    read_file_systems(card, supervision);

    CardReading reading;
    reading.image.size = card.size;
    reading.image.disk_signature = card.disk_signature;
    for (const Problem& problem : card.problems) {
        reading.faults.push_back(fault_of({}, problem));
        if (problem.location.pointer.empty()) reading.faults.back().path = "partition table";
    }
    for (std::size_t number = 0; number < card.partitions.size(); ++number) {
        CardPartition& partition = card.partitions[number];
        PartitionPlan plan = plan_of(partition);
        const Health health = checks[number].get();
        for (const std::string& unproven : health.unproven)
            reading.notes.push_back(plan.name + ": not proven: " + unproven);
        for (const std::vector<Problem>& problems : {partition.problems, health.problems})
            for (const Problem& problem : problems) reading.faults.push_back(fault_of(plan.name, problem));
        reading.image.partitions.push_back(std::move(plan));
    }
    return reading;
}

}  // namespace rpixen
