#pragma once

#include <string>
#include <vector>

#include "check/hush.hpp"
#include "check/uboot_shell.hpp"

namespace rpixen {

using Words = std::vector<std::string>;

inline constexpr std::uint64_t largest_text = 1 * MiB;  ///< of a script

/// What follows one script: the lists of its commands here and in uboot_shell.cpp, variables in
/// uboot_variables.cpp, loads, trees and booti in uboot_loads.cpp. Only run_uboot() makes one.
class Shell {
  public:
    explicit Shell(const UBootStart& start);
    UBootRun take() && { return std::move(run_); }
    bool text(const UBootScriptText& script, const std::string& place);

  private:
    std::string value(const std::string& name) const {
        const auto found = run_.environment.find(name);
        return found == run_.environment.end() ? std::string() : found->second;
    }
    void set(const std::string& name, std::string text);
    std::string where(const hush::Command& command) const {
        return place_.empty() ? "line " + std::to_string(command.line) : place_;
    }
    void unfollowed(const std::string& what, const std::string& place);
    static void once(std::vector<std::string>& list, std::string text);

    // Lists
    bool ended() const { return run_.started || exit_ || overrun_; }
    bool list(const hush::List& commands);
    bool condition(const hush::List& commands);
    bool command(const hush::Command& command);
    Words expand(const std::vector<hush::Word>& words);
    bool simple(const hush::Command& command);
    bool dispatch(const Words& words, const hush::Command& command);
    unsigned step() const { return static_cast<unsigned>(run_.steps.size()); }

    // Variables
    bool set_variable(Words words);
    bool env(const Words& words, const hush::Command& command);
    bool import(const Words& words, const hush::Command& command);
    bool run_variables(const Words& names, const hush::Command& command);
    bool standard_boot(const hush::Command& command);
    bool source(const Words& words, const hush::Command& command);
    bool part(const Words& words, const hush::Command& command);
    bool set_expression(const Words& words, const hush::Command& command);

    // Loads, the device tree, booti
    std::optional<Content> find(const std::string& interface, const std::string& device,
                                const std::string& path) const;
    bool load(const Words& words, const hush::Command& command);
    bool fdt(const Words& words, const hush::Command& command);
    bool booti(const Words& words);

    const UBootStart& start_;
    UBootRun run_;
    std::string place_;  ///< "in load_xen", empty in the script itself
    int depth_ = 0;
    int guarded_ = 0;  ///< inside conditions and before ||: a failure is expected
    unsigned significant_ = 0;
    bool last_ = true;  ///< status of the last command
    bool exit_ = false;
    bool overrun_ = false;
    bool standard_boot_done_ = false;
    std::vector<std::string> ignored_;
};

/// "1f6dfc0", as U-Boot sets ${filesize}.
std::string to_hex(std::uint64_t value);
bool is_any(const std::string& word, std::initializer_list<std::string_view> names);

}  // namespace rpixen
