#include "verify/card_reading.hpp"

#include <rpixen/error.hpp>

#include "card/read_card.hpp"

namespace rpixen {
namespace {

Difference fault_of(const std::string& partition, const Problem& problem) {
    const std::string path = problem.location.pointer.empty() ? "file system" : problem.location.pointer;
    return {partition, path, problem.message, problem.allowed, problem.found};
}

}  // namespace

CardReading read_directly(const ContentSourcePtr& image, std::uint64_t size, const Supervision& supervision) {
    CardReading reading;
    Card& card = reading.card = read_card(image, size, supervision);
    for (const Problem& problem : card.problems) {
        reading.faults.push_back(fault_of({}, problem));
        if (problem.location.pointer.empty()) reading.faults.back().path = "partition table";
    }
    for (Partition& partition : card.partitions) {
        partition.name = "partition " + std::to_string(partition.number);
        for (const std::string& unproven : partition.not_proven)
            reading.notes.push_back(partition.name + ": not proven: " + unproven);
        for (const Problem& problem : partition.problems) reading.faults.push_back(fault_of(partition.name, problem));
    }
    return reading;
}

}  // namespace rpixen
