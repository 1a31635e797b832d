#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <rpixen/emulator.hpp>

namespace rpixen {

/// Why a boot stopped, as its console tells.
struct BootFailure {
    BootStage stage = BootStage::none;  ///< that did not come about
    std::string cause;                  ///< in words
    std::string evidence;               ///< the line
};

/// Reads a serial console as it comes and recognises stages and failures. Pure: knows no clock and no QEMU.
class SerialWatch {
  public:
    /// Takes any piece of output. Returns the stages that it brought, at most up to login, through stage().
    void feed(std::string_view output);

    /// The furthest stage seen.
    BootStage stage() const { return stage_; }
    /// The worst that was seen so far; a later stage clears what came before it.
    const std::optional<BootFailure>& failure() const { return failure_; }
    /// Nothing more can come: a panic, U-Boot at its prompt, a restart.
    bool final() const { return final_; }
    /// The last line with any text, without control characters.
    const std::string& last_line() const { return last_line_; }

  private:
    void line(std::string_view text, bool complete);
    void reach(BootStage stage);
    void fail(BootStage stage, std::string cause, std::string_view evidence, bool final);
    void read_prompt(std::string_view text);
    void read_uboot(std::string_view text);
    void read_xen(std::string_view text);
    void read_dom0(std::string_view text);
    BootStage next() const;

    BootStage stage_ = BootStage::none;
    std::optional<BootFailure> failure_;
    bool final_ = false;
    bool panic_ = false;  ///< Xen's "Panic on CPU" was seen; its reason follows
    std::string pending_;
    std::string last_line_;
};

}  // namespace rpixen
