#pragma once

#include <optional>
#include <string>
#include <vector>

#include "follow/uboot/hush.hpp"
#include "follow/uboot/uboot_shell.hpp"
#include "format/fit_image.hpp"

namespace rpixen {

using Words = std::vector<std::string>;

inline constexpr std::uint64_t largest_text = 1 * MiB;  ///< of a script

/// What follows one script: the lists of its commands in uboot_lists.cpp, which command is which in
/// uboot_shell.cpp, variables in uboot_variables.cpp and uboot_import.cpp, sums in uboot_expression.cpp,
/// partitions in uboot_devices.cpp, loads, trees and booti in uboot_loads.cpp. A status is U-Boot's: 0 is
/// success.
class Shell {
  public:
    explicit Shell(const UBootStart& start);
    UBootRun take() && { return std::move(run_); }
    const UBootRun& run() const { return run_; }

    /// Runs a text; `exit` leaves the text and nothing else.
    int text(const UBootScriptText& script, const std::string& place, hush::Reading reading = hush::Reading::lines);

  private:
    std::string value(const std::string& name) const {
        const auto found = run_.environment.find(name);
        return found == run_.environment.end() ? std::string() : found->second;
    }
    void set(const std::string& name, std::string text);
    void set_local(const std::string& assignment);
    void erase(const std::string& name);
    void say(const std::string& line);
    void say_undefined(const std::string& name) { say("## Error: \"" + name + "\" not defined"); }
    std::string where(const hush::Step& step) const {
        return place_.empty() ? "line " + std::to_string(step.line) : place_;
    }
    void unfollowed(const std::string& what, const std::string& place);
    static void once(std::vector<std::string>& list, std::string text);
    bool newer(int version) const { return start_.version == 0 || start_.version >= version; }

    // Lists
    bool ended() const { return run_.started || overrun_; }
    bool over(bool met, const std::string& bound, const std::string& place);
    bool work(std::uint64_t bytes);
    int list(const hush::List& steps);
    int step(const hush::Step& step);
    int simple(const hush::Step& step);
    int again(const hush::Step& step, std::size_t first);
    int command(const Words& words, const hush::Step& written);
    std::optional<std::string> lookup(const std::string& name);
    std::string expand(const std::string& text, bool protect = false);
    Words for_values(const hush::Step& step);
    int dispatch(const Words& words, const hush::Step& written);
    unsigned count() const { return static_cast<unsigned>(run_.steps.size()); }

    // Variables
    int set_variable(Words words);
    int print_variables(const Words& names);
    int env(const Words& words, const hush::Step& written);
    int import(const Words& words, const hush::Step& written);
    int export_text(const Words& words, const hush::Step& written);
    int run_variables(const Words& names, const hush::Step& written);
    int standard_boot(const hush::Step& written);
    int source(const Words& words, const hush::Step& written);
    int set_expression(const Words& words, const hush::Step& written);
    int substitute(const Words& words, const hush::Step& written);

    // Devices
    const UBootPartition* partition(unsigned number) const;
    bool device_there(const std::string& interface, const std::string& device, const hush::Step& written);
    std::optional<unsigned> find_partition(const std::string& interface, const std::string& device,
                                           const hush::Step& written);
    int part(const Words& words, const hush::Step& written);
    int mmc(const Words& words, const hush::Step& written);
    int file_system_type(const Words& words, const hush::Step& written);

    // Loads, the device tree, booti
    std::optional<Content> find(const std::string& interface, const std::string& device, const std::string& path,
                                const hush::Step& written);
    int load(const Words& words, const hush::Step& written);
    int fdt(const Words& words, const hush::Step& written);
    bool fdt_address(const Words& words);
    bool fdt_get(const Words& words, const hush::Step& written);
    int booti(const Words& words);
    int start_image(const UBootRun::Booti& booti);
    MemoryObject& place_part(const MemoryObject& whole, const Content& content, const std::string& name,
                             std::uint64_t address);
    int bootm(const Words& words, const hush::Step& written);
    int start_fit(const MemoryObject& whole, const FitImage& fit, const FitConfiguration& configuration,
                  UBootRun::Booti boot, const hush::Step& written);
    int imxtract(const Words& words, const hush::Step& written);
    int bootefi(const Words& words, const hush::Step& written);

    const UBootStart& start_;
    UBootRun run_;
    std::map<std::string, std::string> locals_;  ///< name=value
    std::string place_;                          ///< "in load_xen", empty in the script itself
    int depth_ = 0;
    int guarded_ = 0;  ///< inside conditions and before ||: a failure is expected
    unsigned moves_ = 0;
    unsigned significant_ = 0;
    std::uint64_t kept_ = 0;      ///< bytes of all variables
    int last_ = 0;                ///< $?
    std::optional<int> leaving_;  ///< `exit` was met, with that status
    bool overrun_ = false;
    bool standard_boot_done_ = false;
    std::vector<std::string> ignored_;
};

/// "1f6dfc0", as U-Boot sets ${filesize}.
std::string to_hex(std::uint64_t value);
/// For messages: a carriage return is written \r, other control characters \x1b.
std::string visible(const std::string& text);
bool is_any(const std::string& word, std::initializer_list<std::string_view> names);

/// The command that a word means: U-Boot takes every beginning that is not ambiguous. Empty where it has no
/// such command.
std::string_view full_command(const std::string& word);

}  // namespace rpixen
