#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <rpixen/console.hpp>

namespace rpixen {

/// Whose console a line is of, where Xen or dom0 says so before it.
struct GuestLine {
    unsigned number = 0;    ///< Xen's number of a guest that it started: "(XEN) DOM1: " or, from 4.18 on, "(d1) "
    std::string_view name;  ///< of one whose console dom0 repeats: "(web) "
    std::string_view said;  ///< what is behind it
};
/// `line` as spoken() gives it; nothing for a line of no guest.
std::optional<GuestLine> guest_line(std::string_view line);

/// Listens for one guest on a board's serial console. Pure: knows no clock.
///
/// Xen passes a guest's line on when it ends, so that a login's prompt, which does not, is heard only once someone has
/// typed to the guest: keys() says what.
class GuestWatch {
  public:
    /// `number`: Xen's, from 1; 0 for a guest of xl, whose lines begin with its name.
    GuestWatch(GuestGoal goal, unsigned number) : goal_(std::move(goal)), number_(number) {}

    /// Takes any piece of output.
    void feed(std::string_view output);

    /// It said something.
    bool spoke() const { return spoke_; }
    /// What was asked for came about.
    bool reached() const { return goal_.login ? login_ : spoke_; }
    /// Why it cannot come any more; empty while it may.
    const std::string& failure() const { return failure_; }
    /// The last line that tells of it.
    const std::string& evidence() const { return evidence_; }
    const GuestGoal& goal() const { return goal_; }
    /// What to type now; empty: nothing. Only once dom0 asks for a login itself.
    std::string_view keys() const;

  private:
    void line(std::string_view raw);
    void hear(std::string_view said);

    GuestGoal goal_;
    unsigned number_;
    bool spoke_ = false;
    bool login_ = false;
    std::string failure_;
    std::string evidence_;
    std::string pending_;
    std::optional<unsigned> focus_;  ///< of Xen's serial input, where it was told
};

}  // namespace rpixen
