#include "follow/survey.hpp"

#include <algorithm>

#include <rpixen/error.hpp>

#include "base/bytes.hpp"
#include "follow/board_choice.hpp"
#include "follow/boot_files.hpp"
#include "follow/boot_order.hpp"
#include "follow/boot_script.hpp"
#include "follow/card_files.hpp"
#include "follow/efi/efi_boot.hpp"
#include "follow/firmware/firmware_boot.hpp"
#include "follow/firmware/firmware_tree.hpp"
#include "follow/kernel_drivers.hpp"
#include "follow/kernels.hpp"
#include "follow/survey_memory.hpp"
#include "follow/survey_root.hpp"
#include "follow/tree_facts.hpp"
#include "rules/rules.hpp"

namespace rpixen {
namespace {

/// Turns what the script did into the scenario.
class Surveyor {
  public:
    /// On this board; null: on any of the family.
    Surveyor(const CardFiles& card, const BoardModel* board, Kernels& kernels)
        : card_(card), board_(board), kernels_(kernels) {
        scenario().disk = card.disk;
        survey_.notes = card.not_proven;
        if (card.disk.boot_partition) boot_ = tree(*card.disk.boot_partition);
        if (card.disk.root_partition) root_ = tree(*card.disk.root_partition);
    }

    Survey run() && {
        if (root_) scenario().root = survey_root(*root_);
        if (!boot_) {
            note("no boot partition could be read, so nothing is known of what would be started");
            return std::move(survey_);
        }
        scenario().firmware = survey_firmware(*boot_, board_);
        FirmwareTree handed_over = firmware_tree(*boot_, *scenario().firmware);
        scenario().firmware->overlays = std::move(handed_over.overlays);
        firmware_tree_ = std::move(handed_over.content);
        scenario().saved_environment = saved_environment(*boot_);
        follow_firmware();
        if (!scenario().efi) command_lines();
        look_for_named_init();
        drivers();
        return std::move(survey_);
    }

  private:
    BootScenario& scenario() { return survey_.scenario; }
    void note(std::string text) { survey_.notes.push_back(std::move(text)); }
    const FileTree* tree(unsigned partition) const {
        const auto found = card_.trees.find(partition);
        return found == card_.trees.end() ? nullptr : found->second;
    }

    /// Of dom0's kernel, as far as the root file system tells.
    void drivers() {
        if (!root_ || !scenario().kernel || scenario().kernel->release.empty()) return;
        KernelFacts& kernel = *scenario().kernel;
        look_for_drivers(*root_, *boot_, kernel);
        if (kernel.config.empty() && !kernel.built_in_drivers)
            note(
                "which drivers dom0's kernel has is not known: no configuration is in it or beside it, and "
                "/lib/modules/" +
                kernel.release + " has no modules.builtin");
    }

    /// What the firmware starts, and what that starts in turn.
    void follow_firmware() {
        FirmwareFacts& firmware = *scenario().firmware;
        firmware.uefi = uefi_firmware(*boot_, firmware);
        if (!firmware.uefi.empty()) return follow_uefi();
        const std::string name = with_os_prefix(*boot_, firmware,
                                                config_value(firmware, "kernel").value_or("kernel8.img"));
        const auto content = find_boot_file(*boot_, name);
        firmware.starts_a_program = content ? std::optional(can_be_program(*content)) : std::nullopt;
        if (!firmware.starts_a_program.value_or(false)) return follow_script();  // a rule says so
        UBootFacts uboot = survey_uboot(name, *content);
        if (!uboot.banner.empty() || !uboot.environment.empty()) {
            scenario().uboot = std::move(uboot);
            return follow_script();
        }
        if (const XenFacts xen = survey_xen(name, *content); xen.kind == ImageKind::arm64 && xen.major > 0)
            return follow_xen_by_firmware(name, *content, xen);
        if (KernelFacts kernel = kernels_.survey(name, *content); !kernel.release.empty()) {
            firmware.starts_linux = kernel.release;
            scenario().kernel = std::move(kernel);
            return fill_from_names();
        }
        survey_.not_followed = "the firmware starts " + name + ", and what that does is not known";
        note("the firmware starts " + name + ", which is no U-Boot that is known here: what it does was not followed");
        follow_script();
    }

    void follow_xen_by_firmware(const std::string& name, const Content& content, const XenFacts& xen) {
        UBootRun run = start_by_firmware(*boot_, *scenario().firmware, name, content, firmware_tree_);
        note("followed: the firmware starts " + name + " at " + run.booti->image + ", which is Xen " +
             std::to_string(xen.major) + "." + std::to_string(xen.minor) + ", with its own device tree");
        if (!firmware_tree_) note("the card has no device tree for the firmware, so what Xen would get is not known");
        survey_memory(run, true, kernels_, scenario());
        fill_from_names();
    }

    void follow_uefi() {
        note("the firmware starts the UEFI firmware " + scenario().firmware->uefi);
        const auto candidates = boot_candidates(card_, std::nullopt);
        const auto program = std::find_if(candidates.begin(), candidates.end(), [](const BootCandidate& candidate) {
            return candidate.kind == BootCandidate::Kind::efi;
        });
        if (program == candidates.end())
            scenario().efi.emplace();  // a rule says so
        else
            follow_efi_program(program->partition, program->file);
        fill_from_names();
    }

    void follow_efi_program(unsigned partition, const std::string& file) {
        const EfiBoot boot = follow_efi(card_, kernels_, partition, file);
        EfiFacts facts;
        facts.program = boot.program;
        facts.config = boot.config;
        facts.entry = boot.entry;
        facts.missing = boot.missing;
        facts.other_with_xen = boot.other_with_xen;
        for (const std::string& what : boot.unfollowed) note("not followed: " + what);
        const EfiFile* kernel = boot.module(ModuleKind::kernel);
        if (kernel) {
            scenario().kernel = kernels_.survey(kernel->path, kernel->content);
            if (!boot.xen)
                facts.bare_linux = scenario().kernel->release.empty() ? kernel->path : scenario().kernel->release;
        }
        if (!boot.config.empty())
            note("followed: " + boot.program + " reads " + boot.config +
                 (boot.entry.empty() ? "" : " and starts \"" + boot.entry + "\""));
        if (!boot.xen && !kernel && boot.missing.empty())
            survey_.not_followed = "what " + boot.program + " starts is not known";
        scenario().efi = std::move(facts);
        if (!boot.xen) return;
        XenFacts xen = survey_xen(boot.xen->path, boot.xen->content);
        xen.in_place = true;
        scenario().xen = std::move(xen);
        for (const auto& [kind, module] : boot.modules)
            if (kind != ModuleKind::kernel) scenario().modules[kind] = {module.path, module.content.size, std::nullopt};
        fill_efi_tree(boot);
        scenario().xen_bootargs = boot.xen->arguments;
        if (kernel) scenario().dom0_bootargs = kernel->arguments;
    }

    /// The tree as the EFI boot loader hands it to Xen: with a node for each file that it loaded. Where it puts
    /// them is its own business.
    void fill_efi_tree(const EfiBoot& boot) {
        const std::optional<Content> content = boot.tree                           ? std::optional(boot.tree->content)
                                               : scenario().firmware->uefi.empty() ? firmware_tree_
                                                                                   : std::nullopt;
        if (!content) {
            note("which device tree the firmware hands over is not known");
            return;
        }
        DeviceTreeFacts facts;
        facts.from_firmware = !boot.tree;
        if (boot.tree) facts.file = boot.tree->path;
        facts.size = content->size;
        try {
            facts.as_stored = tree_facts(DeviceTree::parse(read_all(*content), facts.file));
            facts.effective = facts.as_stored;
        } catch (const Error& error) {
            if (error.code() == ErrorCode::io) throw;
            facts.valid = false;
        }
        if (facts.effective) {
            TreeFacts& tree = *facts.effective;
            for (const auto& [kind, file] : boot.modules) {
                ModuleFacts module;
                module.path = "/chosen/" + file.path.substr(file.path.rfind('/') + 1);
                module.compatible = {std::string(row_of(kind).compatible[1]), "multiboot,module"};
                module.has_reg = true;
                tree.modules.push_back(std::move(module));
            }
            tree.xen_bootargs = boot.xen->arguments;
            if (const EfiFile* kernel = boot.module(ModuleKind::kernel)) tree.dom0_bootargs = kernel->arguments;
        }
        scenario().device_tree = std::move(facts);
    }

    /// The first script or extlinux.conf that starts something; else the first script, else the first
    /// extlinux.conf. `start` is then as U-Boot starts it.
    std::optional<FoundScript> find_script(UBootStart& start) {
        const std::vector<BootCandidate> candidates = boot_candidates(card_, scenario().uboot);
        const UBootStart bare = start;
        std::optional<FoundScript> chosen;
        std::optional<BootCandidate> efi;
        std::string failed;  // an extlinux.conf that starts nothing
        for (const BootCandidate& candidate : candidates) {
            if (candidate.kind == BootCandidate::Kind::efi) {
                if (!efi) efi = candidate;
                continue;
            }
            const auto content = find_card_file(card_, candidate.partition, candidate.file);
            UBootStart trial = bare;
            trial.script_partition = candidate.partition;
            trial.script_prefix = candidate.prefix;
            std::optional<FoundScript> found;
            if (candidate.kind == BootCandidate::Kind::script)
                found = read_script(candidate.file, *content);
            else
                found = read_extlinux(candidate.file, *content, trial, survey_.notes);
            if (!found) continue;
            const bool extlinux = candidate.kind == BootCandidate::Kind::extlinux;
            if (found->runs) trial.boot_script = found->text;
            const bool starts = found->runs && run_uboot(trial, found->text).started;
            if (efi) found->facts.efi_before = efi->file;
            if (extlinux && starts)
                for (const BootCandidate& other : candidates)
                    if (other.kind == BootCandidate::Kind::script && found->facts.hides.empty())
                        found->facts.hides = other.file;
            if (!chosen || starts || (!extlinux && !failed.empty() && chosen->facts.file == failed)) {
                if (!failed.empty()) note(failed + " starts nothing, so U-Boot goes on to " + found->facts.file);
                failed = extlinux && !starts ? candidate.file : "";
                chosen = std::move(found);
                start = trial;
            }
            if (starts) break;
        }
        if (chosen) return chosen;
        efi_ = efi;
        return efi ? std::nullopt : find_script_source(*boot_);
    }

    void follow_script() {
        UBootStart start = uboot_start(card_, scenario(), firmware_tree_);
        std::optional<FoundScript> script = find_script(start);
        UBootScriptText entry;
        const auto& saved = scenario().saved_environment;
        const bool has_script = script.has_value();
        if (saved && saved->crc_right && saved->variables.contains("bootcmd")) {
            entry = {"uboot.env", "run bootcmd"};
            if (!script) {
                script.emplace();
                script->facts.file = "uboot.env";
                script->facts.size = saved->size;
                script->facts.text = saved->variables.at("bootcmd");
            }
        } else if (script) {
            entry = script->text;
        } else {
            scenario().nothing_to_run = scenario().uboot.has_value() && !efi_;
            if (efi_)
                follow_efi_program(efi_->partition, efi_->file);
            else
                note(
                    "no boot.scr, no extlinux.conf and no saved bootcmd were found, so nothing is known of what "
                    "U-Boot would do");
            fill_from_names();
            return;
        }
        UBootRun run = run_uboot(start, entry);
        scenario().nothing_to_run = scenario().uboot && !has_script && !run.booti && !efi_;
        fill_script(run, *script);
        script->facts.unchecked_steps = unchecked_steps(start, entry, run);
        for (const std::string& what : run.unfollowed) note("not followed: " + what);
        script->facts.starts_efi = run.bootefi.has_value();
        scenario().script = script->facts;
        if (run.bootefi) {
            follow_efi_program(run.bootefi->partition, run.bootefi->file);
            fill_from_names();
            return;
        }
        if (!run.booti && !run.unfollowed.empty())
            survey_.not_followed = script->facts.file + " could not be followed to its end (" + run.unfollowed.front() +
                                   ")";
        survey_memory(run, false, kernels_, scenario());
        fill_from_names();
        scenario().dom0_mem_of_board = dom0_mem_of_board(start, entry);
        if (!board_) survey_.boards = boards_of_script(start, entry);
    }

    void fill_script(const UBootRun& run, FoundScript& script) {
        ScriptFacts& facts = script.facts;
        facts.fixed_devices = run.fixed_devices;
        facts.decimal_numbers = run.decimal_numbers;
        facts.syntax_errors = run.syntax_errors;
        facts.missing_files = run.missing_files;
        // A file that is only tried matters after all when nothing came of it.
        if (!run.started)
            facts.missing_files.insert(facts.missing_files.end(), run.optional_files.begin(), run.optional_files.end());
        facts.absent_devices = run.absent_devices;
        if (!run.started)
            facts.absent_devices.insert(facts.absent_devices.end(), run.optional_devices.begin(),
                                        run.optional_devices.end());
        facts.carriage_returns = run.carriage_returns;
        facts.refused_images = run.refused_images;
        facts.missing_nodes = run.missing_nodes;
        facts.unfollowed = run.unfollowed;
        facts.loads_tree_to_fdt_addr = run.loads_tree_to_fdt_addr;
        facts.uses_fdt_addr = run.uses_fdt_addr;
        const auto bootargs = run.environment.find("bootargs");
        facts.sets_bootargs = bootargs != run.environment.end();
        if (bootargs != run.environment.end()) facts.bootargs = bootargs->second;
        if (!run.booti) facts.last_failure = last_failure(run.steps);
        facts.reaches_booti = run.booti.has_value();
        if (run.booti) {
            facts.booti_image = run.booti->image;
            facts.booti_initrd = run.booti->initrd;
            facts.booti_argument = run.booti->tree;
            if (run.booti->has_tree) facts.booti_tree = run.booti->tree;
        }
    }

    /// Without a script that gets so far, Xen and the kernel are found among the files, so that they are
    /// judged at least.
    void fill_from_names() {
        const bool dom0 = has_dom0(scenario());
        if (scenario().xen && (scenario().kernel || !dom0)) return;
        constexpr std::uint64_t largest_xen = 16 * MiB;
        for (const auto& [path, size] : scenario().firmware->files) {
            if (size < 64 * KiB || path.find('/') != std::string::npos) continue;
            const auto content = find_boot_file(*boot_, path);
            if (!content || (scenario().uboot && path == scenario().uboot->file)) continue;
            if (!scenario().xen && size <= largest_xen) {
                XenFacts xen = survey_xen(path, *content);
                if (xen.kind == ImageKind::arm64 && xen.major > 0) {
                    note(path + " was found to be Xen; nothing that was followed starts it");
                    scenario().xen = std::move(xen);
                    continue;
                }
            }
            if (dom0 && !scenario().kernel && size > MiB) {
                KernelFacts kernel = kernels_.survey(path, *content);
                if (!kernel.release.empty()) {
                    note(path + " was found to be dom0's kernel; nothing that was followed loads it for Xen");
                    scenario().kernel = std::move(kernel);
                }
            }
        }
    }

    /// Who gets which command line: docs/misc/arm/device-tree/booting.txt in Xen.
    void command_lines() {
        if (!scenario().device_tree || !scenario().device_tree->effective) return;
        const TreeFacts& tree = *scenario().device_tree->effective;
        std::optional<std::string> chosen = tree.bootargs;
        if (scenario().script && scenario().script->sets_bootargs.value_or(false)) chosen = scenario().script->bootargs;
        std::optional<std::string> module;
        for (const ModuleFacts& facts : tree.modules)
            if (facts.bootargs && facts.domain.empty() && row_of(ModuleKind::kernel).names(facts.compatible))
                module = facts.bootargs;
        const bool for_xen = !tree.xen_bootargs && (tree.dom0_bootargs || module);
        scenario().xen_bootargs = tree.xen_bootargs ? tree.xen_bootargs : for_xen ? chosen : std::nullopt;
        scenario().dom0_bootargs = tree.dom0_bootargs ? tree.dom0_bootargs
                                   : module           ? module
                                   : for_xen          ? std::nullopt
                                                      : chosen;
    }

    void look_for_named_init() {
        if (!scenario().root || !scenario().dom0_bootargs) return;
        if (const auto named = command_line_value(*scenario().dom0_bootargs, "init"))
            scenario().root->named_init_present = follow(*root_, *named).has_value();
    }

    const CardFiles& card_;
    const BoardModel* board_;
    Kernels& kernels_;
    const FileTree* boot_ = nullptr;
    const FileTree* root_ = nullptr;
    std::optional<Content> firmware_tree_;  ///< what the firmware hands over
    Survey survey_;
    std::optional<BootCandidate> efi_;  ///< an EFI program that is all that U-Boot would find
};

}  // namespace

Survey survey(const CardFiles& card) {
    Kernels kernels(card.examined_kernel);
    Survey first = Surveyor(card, nullptr, kernels).run();
    const std::vector<const BoardModel*> boards = std::move(first.boards);
    if (boards.empty()) return first;
    first = Surveyor(card, boards.front(), kernels).run();
    for (std::size_t index = 1; index < boards.size(); ++index)
        first.others.push_back(Surveyor(card, boards[index], kernels).run());
    first.boards = boards;
    return first;
}

Survey survey(const Card& card) {
    return survey(card_files(card));
}

}  // namespace rpixen
