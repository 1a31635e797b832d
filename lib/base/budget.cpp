#include "base/budget.hpp"

#include <rpixen/error.hpp>

namespace rpixen {

void Spending::refuse(const char* unit, std::uint64_t limit) const {
    const std::string number = std::to_string(limit);
    throw Error(ErrorCode::artifact, "reading " + std::string(budget_.of) + " takes too much",
                "more than " + number + " " + unit, "at most " + number,
                "make it smaller; no real one comes near (docs/limits.md)");
}

}  // namespace rpixen
