#include "verify/card_reading.hpp"

#include <rpixen/error.hpp>

#include "backend/direct/ext4_health.hpp"
#include "verify/identifier.hpp"

namespace rpixen {
namespace {

Difference fault_of(const std::string& partition, const Problem& problem) {
    const std::string path = problem.location.pointer.empty() ? "file system" : problem.location.pointer;
    return {partition, path, problem.message, problem.allowed, problem.found};
}

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

CardReading take_reading(Card&& card, const Supervision& supervision) {
    CardReading reading;
    reading.image.size = card.size;
    reading.image.disk_signature = card.disk_signature;
    for (const Problem& problem : card.problems) {
        reading.faults.push_back(fault_of({}, problem));
        if (problem.location.pointer.empty()) reading.faults.back().path = "partition table";
    }
    for (CardPartition& partition : card.partitions) {
        if (partition.ext()) check_ext4(card.image, partition.readable, partition.problems, supervision);
        PartitionPlan plan = plan_of(partition);
        for (const Problem& problem : partition.problems)
            reading.faults.push_back(fault_of(plan.name, problem));
        reading.image.partitions.push_back(std::move(plan));
    }
    return reading;
}

}  // namespace rpixen
