#include "emulator/serial_watch.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace rpixen {
namespace {

bool has(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

/// Without escape sequences (ECMA-48), carriage returns and other control characters.
std::string plain(std::string_view text) {
    std::string out;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '\x1b' && at + 1 < text.size() && text[at + 1] == '[') {
            at += 2;
            while (at < text.size() && (text[at] < '@' || text[at] > '~')) ++at;
        } else if (static_cast<unsigned char>(text[at]) >= ' ' && text[at] != '\x7f') {
            out += text[at];
        }
    }
    const std::size_t end = out.find_last_not_of(' ');
    out.erase(end == std::string::npos ? 0 : end + 1);
    return out;
}

/// What a line is worth telling of: without "(XEN) " and a kernel's time stamp.
std::string_view body(std::string_view text) {
    if (text.starts_with("(XEN) ")) text.remove_prefix(6);
    if (text.starts_with('[')) {
        const std::size_t end = text.find("] ");
        if (end != std::string_view::npos &&
            text.substr(1, end - 1).find_first_not_of(" .0123456789") == std::string_view::npos)
            text.remove_prefix(end + 2);
    }
    return text;
}

/// U-Boot's words for what goes wrong between its banner and Xen's, and what they mean.
struct Symptom {
    std::string_view words;
    BootStage stage;
    bool final;
    std::string_view meaning;
};
constexpr std::array symptoms = {
    // boot/fdt_support.c, cmd/fdt.c
    Symptom{"failed on fdt_overlay_apply()", BootStage::device_tree, false,
            "U-Boot could not apply an overlay to the device tree"},
    Symptom{"FDT_ERR_", BootStage::device_tree, false, "U-Boot's device tree library reports an error"},
    // boot/image-fdt.c
    Symptom{"Did not find a cmdline Flattened Device Tree", BootStage::device_tree, false,
            "U-Boot has no valid device tree to hand over"},
    Symptom{"Could not find a valid device tree", BootStage::device_tree, false,
            "U-Boot has no valid device tree to hand over"},
    Symptom{"FDT creation failed", BootStage::device_tree, true, "U-Boot could not complete the device tree"},
    // arch/arm/lib/image.c
    Symptom{"Bad Linux ARM64 Image magic", BootStage::xen, false, "what U-Boot was to start as Xen is no arm64 Image"},
    // fs/fs.c, fs/fat/fat.c
    Symptom{"Reading file would overwrite reserved memory", BootStage::script, false,
            "a load address lies in memory that U-Boot keeps for itself"},
    Symptom{"Wrong Image Format for", BootStage::script, false,
            "a file is of a kind that U-Boot's command does not take"},
    Symptom{"Bad data crc", BootStage::script, false, "boot.scr is damaged"},
    // arch/arm/lib/interrupts_64.c
    Symptom{"\"Synchronous Abort\" handler", BootStage::none, true, "U-Boot crashed"},
    Symptom{"### ERROR ### Please RESET the board", BootStage::none, true, "U-Boot stopped for good"},
};

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

void SerialWatch::fail(BootStage stage, std::string cause, std::string_view evidence, bool final) {
    if (final_) return;
    final_ = final;
    // The first complaint is nearest to the cause; what follows from it does not replace it.
    if (failure_) return;
    failure_ = BootFailure{stage == BootStage::none ? next() : stage, std::move(cause), std::string(body(evidence))};
}

void SerialWatch::feed(std::string_view output) {
    pending_ += output;
    std::size_t begin = 0;
    for (std::size_t end = 0; (end = pending_.find('\n', begin)) != std::string::npos; begin = end + 1)
        line(std::string_view(pending_).substr(begin, end - begin), true);
    pending_.erase(0, begin);
    // A prompt has no line end; a line without end is not kept for ever either.
    line(pending_, false);
    if (pending_.size() > 64 * 1024) pending_.clear();
}

void SerialWatch::line(std::string_view raw, bool complete) {
    const std::string text = plain(raw);
    if (text.empty() || final_) return;
    last_line_ = text;
    if (!complete) {
        read_prompt(text);
        return;
    }
    // The banner itself comes before the mini UART is set up on some boards; then this is the first line.
    if (text.starts_with("U-Boot 20") || text.starts_with("Core:  ")) {
        if (stage_ > BootStage::uboot) fail(next(), "the card restarts", text, true);
        reach(BootStage::uboot);
        return;
    }
    if (stage_ < BootStage::xen) read_uboot(text);
    if (text.starts_with("(XEN) ") || has(text, "Xen version")) {
        read_xen(text);
    } else {
        read_dom0(text);
    }
}

void SerialWatch::read_prompt(std::string_view text) {
    if (stage_ >= BootStage::dom0_kernel && text.ends_with(" login:")) reach(BootStage::login);
    if (stage_ >= BootStage::xen || (text != "U-Boot>" && text != "=>")) return;
    // bootcmd has nothing left to try.
    fail(BootStage::none,
         stage_ >= BootStage::script ? "boot.scr ended without starting Xen; U-Boot waits at its prompt"
                                     : "U-Boot found no boot.scr to execute and waits at its prompt",
         text, true);
}

void SerialWatch::read_uboot(std::string_view text) {
    if (has(text, "## Executing script at")) reach(BootStage::script);
    if (has(text, "## Flattened Device Tree blob at")) reach(BootStage::device_tree);
    if (stage_ < BootStage::script) return;
    for (const Symptom& symptom : symptoms) {
        if (!has(text, symptom.words)) continue;
        fail(symptom.stage, std::string(symptom.meaning), text, symptom.final);
        return;
    }
    if (text.starts_with("Failed to load '") || has(text, "** Unable to read file") || has(text, "File not found"))
        fail(stage_of_file(text), "U-Boot cannot read a file of the card", text, false);
    // Our own checked script (uboot-env/) tells which step failed and why, better than U-Boot's line before
    // it.
    if (text.starts_with("rpixen: ") && has(text, " failed: ")) {
        failure_.reset();
        fail(stage_of_step(text), std::string(text.substr(8)), text, false);
    }
    if (text.starts_with("rpixen: this card did not boot"))
        fail(BootStage::none, "boot.scr ended without starting Xen", text, true);
}

void SerialWatch::read_xen(std::string_view text) {
    if (has(text, "Xen version")) reach(BootStage::xen);
    const std::string_view said = body(text);
    if (panic_ && !said.starts_with("****")) {
        // The reason of a panic stands on the line behind (xen/drivers/char/console.c).
        fail(BootStage::none, "Xen stopped: " + std::string(said), text, true);
        return;
    }
    if (said.starts_with("Panic on CPU")) panic_ = true;
    for (const std::string_view words :
         {"Hardware Dom0 crashed", "Domain 0 crashed", "Hardware Dom0 halted", "Hardware Dom0 shutdown"})
        if (has(said, words)) fail(BootStage::none, "dom0 ended: " + std::string(said), text, true);
}

void SerialWatch::read_dom0(std::string_view text) {
    if (has(text, "Booting Linux on physical CPU") || has(text, "] Linux version ")) reach(BootStage::dom0_kernel);
    if (stage_ < BootStage::xen) return;
    if ((has(text, "EXT4-fs (") && has(text, ": mounted filesystem")) || has(text, "VFS: Mounted root") ||
        (has(text, "initrd: root ") && has(text, " mounted")))
        reach(BootStage::root);

    const std::string said(body(text));
    const bool root = has(said, "root") || has(said, "VFS");
    if (has(said, "initrd: unable to mount root") || has(said, "Gave up waiting for root")) {
        fail(BootStage::root, said, text, true);
    } else if (has(said, "Kernel panic - not syncing")) {
        const std::size_t colon = said.find("syncing");
        fail(root ? BootStage::root : BootStage::none,
             (root ? "dom0 is unable to mount root: " : "dom0's kernel stopped: ") +
                 said.substr(std::min(said.size(), colon + 9)),
             text, true);
    } else if (has(said, "Cannot open root device") || has(said, "Waiting for root device")) {
        fail(BootStage::root, "dom0 is unable to mount root: " + said, text, false);
    } else if (has(said, "Internal error:") || has(said, "Unable to handle kernel")) {
        fail(BootStage::none, "dom0's kernel crashed: " + said, text, false);
    }
}

}  // namespace rpixen
