#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace rpixen {

/// What one reader of foreign bytes may spend, whatever the bytes say. The numbers are far above real use
/// (docs/limits.md lists them) and keep a hostile file from taking all memory or all time. A reader gets its
/// budget as a value, so that tests give small ones. What a limit does not apply to is `unlimited`.
struct Budget {
    static constexpr std::uint64_t unlimited = ~std::uint64_t{0};

    std::string_view of;              ///< what is read, for messages: "a device tree"
    std::uint64_t steps = unlimited;  ///< nodes visited, commands run, entries read: what takes time
    std::uint64_t depth = unlimited;  ///< of nesting
    std::uint64_t bytes = unlimited;  ///< kept in memory at once
};

/// What was spent of a budget. Each call throws Error{artifact} with the limit that was met; where a limit is
/// a finding and no error, the reader asks has_left() first.
class Spending {
  public:
    explicit Spending(const Budget& budget) : budget_(budget) {}

    const Budget& budget() const { return budget_; }
    void steps(std::uint64_t count = 1) { add(steps_, count, budget_.steps, "steps"); }
    void bytes(std::uint64_t count) { add(bytes_, count, budget_.bytes, "bytes in memory"); }
    void depth(std::uint64_t level) const {
        if (level > budget_.depth) refuse("levels", budget_.depth);
    }

    bool has_left() const { return steps_ < budget_.steps && bytes_ < budget_.bytes; }

  private:
    void add(std::uint64_t& spent, std::uint64_t count, std::uint64_t limit, const char* unit) const {
        if (count > limit - spent) refuse(unit, limit);
        spent += count;
    }
    [[noreturn]] void refuse(const char* unit, std::uint64_t limit) const;

    Budget budget_;
    std::uint64_t steps_ = 0;
    std::uint64_t bytes_ = 0;
};

}  // namespace rpixen
