#include "fs/ext4/health_state.hpp"

#include <algorithm>

namespace rpixen::ext4 {

void HealthReport::damage(const std::string& place, const std::string& what, const std::string& expected,
                          const std::string& found) {
    if (full()) return;
    Problem problem{"damaged: " + what, found, expected, {}, {}};
    problem.location.pointer = place;
    problems_.push_back(std::move(problem));
}

void HealthReport::compare(const std::string& place, const std::string& what, std::uint64_t expected,
                           std::uint64_t found) {
    if (expected != found) damage(place, what, std::to_string(expected), std::to_string(found));
}

void HealthReport::unproven(std::string what) {
    if (std::find(unproven_.begin(), unproven_.end(), what) == unproven_.end()) unproven_.push_back(std::move(what));
}

std::string place_of(ext2_ino_t number) {
    return "inode " + std::to_string(number);
}

}  // namespace rpixen::ext4
