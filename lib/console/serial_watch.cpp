#include "console/serial_watch.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "console/guest_watch.hpp"
#include "console/plain_line.hpp"

namespace rpixen {
namespace {

constexpr std::string_view of_xen = "(XEN) ";

bool has(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

/// What a line is worth telling of: without "(XEN) " and Linux's word for a panic.
std::string_view body(std::string_view said) {
    for (const std::string_view prefix : {of_xen, std::string_view("Kernel panic - not syncing: ")})
        if (said.starts_with(prefix)) said.remove_prefix(prefix.size());
    return said;
}

/// Which stage cannot come about without this file of the card.
BootStage stage_of_file(std::string_view line) {
    if (has(line, "xen")) return has(line, ".dtb") ? BootStage::device_tree : BootStage::xen;
    if (has(line, ".dtb")) return BootStage::device_tree;
    if (has(line, "Image") || has(line, "initrd")) return BootStage::dom0_kernel;
    return BootStage::script;
}

/// Which stage cannot come about without this step of boot_xen.
BootStage stage_of_step(std::string_view line) {
    if (has(line, "do_dtbsetup")) return BootStage::device_tree;
    if (has(line, "load_xen") || has(line, "xen_bootcmd")) return BootStage::xen;
    return BootStage::dom0_kernel;
}

/// What a step of boot_xen fails of.
constexpr Rules step_rules{"script-missing-file", "fat-name-clash", "load-beyond-low-memory"};

/// What only a Linux on Xen says (arch/arm/xen/enlighten.c, drivers/xen).
bool tells_of_xen(std::string_view said) {
    return (said.starts_with("Xen ") && said.ends_with("support found")) || said.starts_with("Xen: initializing cpu") ||
           said.starts_with("xen:events:") || said.starts_with("xen:grant_table:") || said.starts_with("xen:balloon:");
}

}  // namespace

BootStage SerialWatch::next() const {
    return stage_ == BootStage::login ? BootStage::login : static_cast<BootStage>(static_cast<int>(stage_) + 1);
}

void SerialWatch::reach(BootStage stage) {
    if (stage <= stage_) return;
    stage_ = stage;
    // A failure that the boot outlived did not matter.
    if (failure_ && failure_->stage <= stage && !final_) failure_.reset();
}

void SerialWatch::fail(BootStage stage, std::string cause, const Rules& rules, std::string_view change, bool final) {
    if (final_) return;
    final_ = final;
    // The first complaint is nearest to the cause; what follows from it does not replace it.
    if (failure_) return;
    failure_ = BootFailure{
        stage == BootStage::none ? next() : stage, std::move(cause), last_line_, last_line_number_, rules, change};
}

void SerialWatch::fail(const Symptom& symptom, std::string_view said, bool final) {
    std::string cause(symptom.meaning);
    if (cause.empty() || cause.ends_with(": ")) cause += body(said);
    fail(symptom.stage, std::move(cause), symptom.rules, symptom.change, final);
}

void SerialWatch::tell(BootVerdict& verdict, std::string silent) const {
    verdict.reached = stage_;
    const auto fill = [&](const Rules& rules, std::string_view change) {
        verdict.rules.clear();
        for (const std::string_view rule : rules)
            if (!rule.empty()) verdict.rules.emplace_back(rule);
        verdict.change = change;
    };
    if (failure_) {
        verdict.failed = failure_->stage;
        verdict.cause = failure_->cause;
        verdict.evidence = failure_->evidence;
        fill(failure_->rules, failure_->change);
        return;
    }
    verdict.failed = next();
    verdict.cause = std::move(silent);
    verdict.evidence = last_line_;
    const Silence& silence = silence_after(stage_);
    fill(silence.rules, silence.change);
}

void SerialWatch::feed(std::string_view output) {
    pending_ += output;
    std::size_t begin = 0;
    for (std::size_t end = 0; (end = pending_.find('\n', begin)) != std::string::npos; begin = end + 1) {
        ++lines_;
        line(std::string_view(pending_).substr(begin, end - begin), true);
    }
    pending_.erase(0, begin);
    // A prompt has no line end; a line without end is not kept for ever either.
    line(pending_, false);
    if (pending_.size() > 64 * 1024) pending_.clear();
}

bool SerialWatch::begins_a_boot(std::string_view said) const {
    // The banner itself comes before the mini UART is set up on some boards; then "Core:" is the first line.
    const bool uboot = said.starts_with("U-Boot 20") || said.starts_with("Core:  ");
    const bool firmware = said.starts_with("RPi: BOOTLOADER");
    if (uboot) return stage_ > BootStage::uboot;
    if (firmware) return stage_ >= BootStage::uboot;
    // Xen may be started without any of them. Behind a login the line is of `xl dmesg`.
    return said.starts_with("(XEN) Xen version") && stage_ < BootStage::login &&
           (stage_ > BootStage::xen || (stage_ == BootStage::xen && final_));
}

void SerialWatch::line(std::string_view raw, bool complete) {
    const std::string text = plain_line(raw);
    if (text.empty()) return;
    const std::string said = spoken(text);
    if (complete && begins_a_boot(said)) {
        restart_ = text + '\n';
        const Silence& silence = silence_after(stage_);
        if (stage_ < BootStage::login) fail(next(), "the card restarts", silence.rules, silence.change, true);
        return;
    }
    if (final_) return;
    last_line_ = text;
    last_line_number_ = complete ? lines_ : lines_ + 1;
    if (guest_line(said)) return;
    read_prompt(said, complete);
    if (!complete) return;
    if (said.starts_with("U-Boot 20") || said.starts_with("Core:  ")) {
        reach(BootStage::uboot);
    } else if (said.starts_with(of_xen)) {
        read_xen(said);
    } else {
        if (stage_ < BootStage::xen) read_uboot(said);
        read_dom0(said);
    }
}

void SerialWatch::read_prompt(std::string_view said, bool complete) {
    if (said.ends_with(" login:") || said == "login:") {
        if (stage_ >= BootStage::xen) reach(BootStage::login);
        if (bare_linux_) final_ = true;
    }
    if (stage_ >= BootStage::xen) return;
    const bool prompt = said.starts_with("U-Boot>") || said.starts_with("=>");
    if (!prompt) return;
    loading_ = true;
    // bootcmd has nothing left to try, unless someone stopped it and types: then there is more on the line.
    const bool idle = said == "U-Boot>" || said == "=>";
    if (!idle) return;
    if (stage_ >= BootStage::script)
        fail(BootStage::none, "boot.scr ended without starting Xen; U-Boot waits at its prompt",
             {"script-never-boots", "script-missing-file", "script-syntax"}, "look at the last command that was heard",
             !complete);
    else
        fail(BootStage::script, "U-Boot found no boot.scr to execute and waits at its prompt",
             {"script-not-found", "nothing-to-boot", "boot-partition-unusual", "script-too-large"},
             "put boot.scr on the boot partition, which is the first FAT partition or the one marked active",
             !complete);
}

void SerialWatch::read_uboot(std::string_view said) {
    if (stage_ == BootStage::none) {
        if (const Symptom* symptom = find_symptom(firmware_symptoms(), said)) fail(*symptom, said, symptom->final);
    }
    if (has(said, "## Executing script at")) reach(BootStage::script);
    if (has(said, "## Flattened Device Tree blob at")) reach(BootStage::device_tree);
    // U-Boot looks for much that need not be there before it finds something to boot.
    for (const std::string_view found :
         {"## Executing script at", "Found /", "Booting bootflow", "Booting /efi", "BdsDxe:"})
        loading_ = loading_ || has(said, found);
    if (!loading_) return;
    if (const Symptom* symptom = find_symptom(uboot_symptoms(), said)) fail(*symptom, said, symptom->final);
    if (said.starts_with("Failed to load '") || has(said, "** Unable to read file") || has(said, "File not found") ||
        (said.starts_with("error: file `") && said.ends_with("' not found.")))
        fail(stage_of_file(said), "U-Boot cannot read a file of the card",
             {"script-missing-file", "efi-file-missing", "fat-name-clash"},
             "put the file on the partition that is read, under exactly that name", false);
    // Our own checked script (uboot-env/) tells which step failed and why, better than U-Boot's line before
    // it.
    if (said.starts_with("rpixen: ") && has(said, " failed: ")) {
        failure_.reset();
        fail(stage_of_step(said), std::string(said.substr(8)), step_rules,
             "put what that step loads onto the boot partition", false);
    }
    if (said.starts_with("rpixen: this card did not boot"))
        fail(BootStage::none, "boot.scr ended without starting Xen", {"script-never-boots"},
             "look at the lines above it", true);
}

void SerialWatch::read_xen(std::string_view said) {
    reach(BootStage::xen);
    const std::string_view words = body(said);
    const Symptom* symptom = find_symptom(xen_symptoms(), words);
    if (panic_ && !words.starts_with("****")) {
        // The reason of a panic stands on the line behind (xen/drivers/char/console.c).
        if (symptom)
            fail(*symptom, said, true);
        else
            fail(BootStage::none, "Xen stopped: " + std::string(words), {}, "look at Xen's lines above its panic",
                 true);
        return;
    }
    if (symptom) fail(*symptom, said, symptom->final);
    if (words.starts_with("Panic on CPU")) panic_ = true;
    for (const std::string_view end :
         {"Hardware Dom0 crashed", "Domain 0 crashed", "Hardware Dom0 halted", "Hardware Dom0 shutdown"})
        if (has(words, end))
            fail(BootStage::none, "dom0 ended: " + std::string(words), {}, "look at dom0's last lines above it", true);
}

void SerialWatch::start_linux() {
    if (stage_ >= BootStage::xen) {
        reach(BootStage::dom0_kernel);
        return;
    }
    bare_linux_ = true;
    fail(BootStage::xen, "Linux was started without Xen",
         {"config-starts-linux", "efi-starts-linux", "efi-menu-without-xen", "extlinux-before-script",
          "efi-before-script", "config-kernel-missing"},
         "let the boot path start Xen, with Linux as a module of its device tree", false);
}

void SerialWatch::read_dom0(std::string_view said) {
    if (tells_of_xen(said)) {
        // Xen's own lines were lost, or are on another UART.
        reach(BootStage::xen);
        reach(BootStage::dom0_kernel);
        bare_linux_ = false;
    }
    if (said.starts_with("Booting Linux on physical CPU") || said.starts_with("Linux version ")) start_linux();
    const bool mounted = (has(said, "EXT4-fs (") && has(said, ": mounted filesystem")) ||
                         has(said, "VFS: Mounted root") || (has(said, "initrd: root ") && has(said, " mounted"));
    // A Linux on Xen has said so by now.
    if (bare_linux_ && (mounted || has(said, "Freeing unused kernel memory"))) final_ = true;
    if (stage_ < BootStage::xen) return;
    if (mounted) reach(BootStage::root);
    if (const Symptom* symptom = find_symptom(dom0_symptoms(), said)) fail(*symptom, said, symptom->final);
}

}  // namespace rpixen
