#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <rpixen/console.hpp>

#include "console/symptoms.hpp"

namespace rpixen {

/// Why a boot stopped, as its console tells.
struct BootFailure {
    BootStage stage = BootStage::none;  ///< that did not come about
    std::string cause;                  ///< in words
    std::string evidence;               ///< the line
    std::uint64_t line = 0;             ///< its number, from 1
    Rules rules{};                      ///< that explain it
    std::string_view change{};          ///< of a table of symptoms
};

/// Reads a serial console as it comes and recognises stages and failures. Pure: knows no clock and no QEMU.
class SerialWatch {
  public:
    SerialWatch() = default;
    /// `lines`: that went by before.
    explicit SerialWatch(std::uint64_t lines) : lines_(lines) {}

    /// Takes any piece of output. Returns the stages that it brought, at most up to login, through stage().
    void feed(std::string_view output);

    /// The furthest stage seen.
    BootStage stage() const { return stage_; }
    /// The worst that was seen so far; a later stage clears what came before it.
    const std::optional<BootFailure>& failure() const { return failure_; }
    /// Nothing more can come: a panic, U-Boot at its prompt, a restart.
    bool final() const { return final_; }
    /// The first line of another boot, where one came; empty until then.
    const std::string& restart() const { return restart_; }
    /// Lines that have ended.
    std::uint64_t lines() const { return lines_; }
    /// The last line with any text, without control characters.
    const std::string& last_line() const { return last_line_; }
    /// Its number.
    std::uint64_t last_line_number() const { return last_line_number_; }

    /// What is to be said of a boot that is over and came no further. `silent`: in words, where no failure was seen.
    void tell(BootVerdict& verdict, std::string silent) const;

  private:
    void line(std::string_view text, bool complete);
    void reach(BootStage stage);
    void fail(BootStage stage, std::string cause, const Rules& rules, std::string_view change, bool final);
    void fail(const Symptom& symptom, std::string_view said, bool final);
    bool begins_a_boot(std::string_view said) const;
    void read_prompt(std::string_view said, bool complete);
    void read_uboot(std::string_view said);
    void read_xen(std::string_view said);
    void read_dom0(std::string_view said);
    void start_linux();
    BootStage next() const;

    BootStage stage_ = BootStage::none;
    std::optional<BootFailure> failure_;
    bool final_ = false;
    std::string restart_;
    bool loading_ = false;     ///< U-Boot has found something to boot, or someone types at its prompt
    bool panic_ = false;       ///< Xen's "Panic on CPU" was seen; its reason follows
    bool bare_linux_ = false;  ///< Linux has begun, and nothing of Xen was heard
    std::string pending_;
    std::string last_line_;
    std::uint64_t lines_ = 0;
    std::uint64_t last_line_number_ = 0;
};

}  // namespace rpixen
