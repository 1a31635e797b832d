#include "boot/plan_boot.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "base/text.hpp"
#include "board/board.hpp"
#include "board/dom0_memory.hpp"
#include "boot/board_fit.hpp"
#include "boot/board_trees.hpp"
#include "boot/config_txt.hpp"
#include "boot/guests.hpp"
#include "boot/names.hpp"
#include "boot/overlays.hpp"
#include "boot/planner.hpp"
#include "boot/script.hpp"
#include "boot/static_memory.hpp"
#include "devicetree/reserved_memory.hpp"
#include "devicetree/slack.hpp"
#include "rules/rules.hpp"

namespace rpixen {
namespace {

constexpr std::uint64_t page = 4 * KiB;
/// Further room beyond what libfdt needed here: U-Boot's own libfdt may be another release.
constexpr std::uint64_t room_margin = 1 * KiB;

/// Nothing where the script does not choose dom0's memory by the board.
std::optional<Dom0Share> dom0_share(const Manifest& manifest) {
    if (manifest.dom0_mem == "auto") return Dom0Share::usual;
    if (manifest.dom0_mem == "rest") return Dom0Share::rest;
    return std::nullopt;
}

struct Inputs {
    const Manifest& manifest;
    const ArtifactSet& artifacts;
    const std::vector<std::string>& allow;
    std::vector<BoardTree> trees;  ///< at least one
    std::vector<NamedOverlay> overlays;
    std::vector<Dom0lessGuest> guests;

    bool allows(std::string_view id) const { return std::find(allow.begin(), allow.end(), id) != allow.end(); }
    bool at_boot() const { return manifest.apply_overlays == OverlayMoment::boot && !overlays.empty(); }
    /// The script chooses dom0's memory by the board.
    bool chooses_dom0_mem() const { return dom0_share(manifest).has_value(); }
    bool classic() const { return manifest.script == ScriptFlavour::classic; }
    /// The original's ${fdt_addr}: kept where U-Boot lets it be loaded over.
    bool uses_fdt_addr() const {
        return classic() && !manifest.addresses.contains("dtb") && board::fdt_addr_is_free(artifacts.uboot);
    }
};

Inputs read_inputs(const Manifest& manifest, const ArtifactSet& artifacts, const std::vector<std::string>& allow) {
    Inputs inputs{
        manifest, artifacts, allow, read_board_trees(manifest, artifacts), {}, dom0less_guests(manifest, artifacts)};
    if (inputs.trees.size() > 1 && inputs.classic())
        throw Error(ErrorCode::unfit, "the classic script cannot choose a device tree by the board",
                    std::to_string(inputs.trees.size()) + " device trees", "one, or the checked script",
                    "use \"script\": \"checked\"");
    if (artifacts.overlays.size() != manifest.overlays.size())
        throw Error(ErrorCode::internal, "the artifacts are not those of the manifest: overlays are missing");
    for (std::size_t index = 0; index < artifacts.overlays.size(); ++index) {
        const OverlayReference& reference = manifest.overlays[index];
        inputs.overlays.push_back({reference.name, reference.resolved.empty(),
                                   read_tree(artifacts.overlays[index], "overlay " + reference.name)});
    }
    return inputs;
}

/// Xen's command line with dom0_mem in its units: "512MiB" becomes "512M". What "auto" or "rest" is on the
/// smallest board stands in the device tree, so that it holds where the script gets no further.
std::string xen_command_line(const Manifest& manifest, std::uint64_t automatic) {
    if (manifest.dom0_mem.empty()) return manifest.xen_bootargs;
    const auto bytes = dom0_share(manifest) ? automatic : parse_size(manifest.dom0_mem);
    if (!bytes || *bytes == 0 || *bytes % MiB != 0)
        throw Error(ErrorCode::unfit, "dom0_mem is no size in whole MiB", manifest.dom0_mem, "for example 512MiB");
    const std::string option = "dom0_mem=" + std::to_string(*bytes / MiB) + "M";
    return manifest.xen_bootargs.empty() ? option : manifest.xen_bootargs + " " + option;
}

/// Nothing where the command line says no size.
std::optional<std::uint64_t> asked_for_dom0(std::string_view xen_bootargs) {
    const auto text = command_line_value(xen_bootargs, "dom0_mem");
    return text ? parse_dom0_mem(*text) : std::nullopt;
}

std::vector<Obstacle> obstacles(const Inputs& inputs, std::uint64_t low_end) {
    using Kind = MemoryRegion::Kind;
    std::vector<Obstacle> result;
    const bool own_armstub = std::any_of(inputs.manifest.config_txt.begin(), inputs.manifest.config_txt.end(),
                                         [](const std::string& line) { return line.starts_with("armstub="); });
    if (own_armstub)
        result.push_back({"armstub", board::armstub, "load-over-armstub", Kind::reserved});
    else
        result.push_back({"firmware's armstub", board::first_page, "load-over-uboot", Kind::reserved});
    const std::uint64_t runtime = low_end > board::uboot_runtime_size ? low_end - board::uboot_runtime_size : 0;
    result.push_back({"U-Boot (run time)", {runtime, low_end}, "load-over-uboot", Kind::reserved});
    const board::Windows windows = board::windows(inputs.artifacts.uboot);
    if (windows.relocation_end && *windows.relocation_end > board::max_tree_size)
        result.push_back({name_of(MemoryRole::moved_tree),
                          {*windows.relocation_end - board::max_tree_size, *windows.relocation_end},
                          "load-over-uboot",
                          Kind::reserved,
                          MemoryRole::moved_tree});
    if (inputs.uses_fdt_addr()) {
        result.push_back({name_of(MemoryRole::firmware_tree), board::firmware_tree, "memory-overlap", Kind::reserved,
                          MemoryRole::firmware_tree});
        result.push_back(
            {"firmware's device tree (QEMU)", board::emulated_firmware_tree, "memory-overlap", Kind::reserved});
    }
    result.push_back({"U-Boot's scriptaddr", {windows.script, windows.script + max_script_size}, "", Kind::window});
    const auto ramdisk = inputs.artifacts.modules.find(ModuleKind::initrd);
    const std::uint64_t initrd = ramdisk != inputs.artifacts.modules.end() ? ramdisk->second.content.size : 0;
    result.push_back({"U-Boot's ramdisk_addr_r",
                      {windows.ramdisk, windows.ramdisk + std::max<std::uint64_t>(initrd, 1 * MiB)},
                      "",
                      Kind::window});
    result.push_back({"U-Boot as loaded",
                      {board::uboot_text, board::uboot_text + inputs.artifacts.uboot.content.size},
                      "",
                      Kind::window});
    result.push_back({"U-Boot's fdt_addr_r", {windows.tree, windows.tree + 1 * MiB}, "", Kind::window});
    const auto reserve = [&](const std::string& name, const Range& range) {
        const bool known = std::any_of(result.begin(), result.end(), [&](const Obstacle& obstacle) {
            return obstacle.name == name && obstacle.range == range;
        });
        if (!known)
            result.push_back({name, range, "module-in-reserved-memory", Kind::reserved, MemoryRole::reservation});
    };
    for (const BoardTree& board : inputs.trees) {
        for (const Range& range : board.tree.memory_reservations())
            if (!board::first_page.contains(range)) reserve("/memreserve/", range);
        for (const ReservedMemory& reserved : reserved_memory(board.tree)) reserve(reserved.path, reserved.range);
    }
    for (const Dom0lessGuest& guest : inputs.guests)
        for (const Range& range : guest.static_memory.value_or(std::vector<Range>()))
            result.push_back({guest.name + "'s memory", range, "guest-static-memory-taken", Kind::reserved,
                              MemoryRole::static_memory});
    return result;
}

/// Sizes of the trees before anything is placed: what is written later changes numbers, not lengths. Of
/// several boards' trees each is the largest.
struct TreeSizes {
    std::uint64_t loaded = 0;   ///< bytes of the file
    std::uint64_t room = 0;     ///< that the overlays need at boot
    std::uint64_t length = 0;   ///< total size of the tree that U-Boot makes of it
    std::uint64_t region = 0;   ///< with booti's own growth
    std::uint64_t overlay = 0;  ///< the largest overlay
};

TreeSizes measure(const Inputs& inputs, const std::vector<CardTrees>& boards) {
    TreeSizes sizes;
    for (const CardTrees& trees : boards) {
        const std::uint64_t loaded = trees.base.bytes().size();
        sizes.loaded = std::max(sizes.loaded, loaded);
        std::uint64_t length = loaded;
        if (inputs.at_boot()) {
            const auto overlays = trees_of(trees.overlays);
            const std::uint64_t room = room_needed(trees.base, overlays);
            sizes.room = std::max(sizes.room, room);
            length = align_up(trees.base.used_size() + room + room_margin, page);
            for (const DeviceTree& overlay : overlays) sizes.overlay = std::max(sizes.overlay, overlay.bytes().size());
        }
        sizes.length = std::max(sizes.length, length);
    }
    // `fdt resize` rounds up to a page, from an address that may be in the middle of one.
    const std::uint64_t grown = inputs.chooses_dom0_mem()
                                    ? align_up(sizes.length + board::command_line_room, page) + page
                                    : 0;
    sizes.region = align_up(std::max(sizes.length, grown) + board::fdt_pad, page);
    return sizes;
}

std::vector<Wish> wishes(const Inputs& inputs, const TreeSizes& sizes) {
    const ArtifactSet& artifacts = inputs.artifacts;
    const board::Windows windows = board::windows(artifacts.uboot);
    std::vector<Wish> result;
    const auto add = [&](MemoryRole role, const char* key, std::uint64_t size, std::uint64_t wanted,
                         std::uint64_t pinned_alignment, std::string alignment_rule) -> Wish& {
        Wish wish;
        wish.name = name_of(role);
        wish.role = role;
        wish.size = std::max<std::uint64_t>(size, 1);
        wish.wanted = wanted;
        wish.alignment_rule = std::move(alignment_rule);
        wish.alignment = page;
        if (const auto pinned = inputs.manifest.addresses.find(key); pinned != inputs.manifest.addresses.end()) {
            wish.wanted = pinned->second;
            wish.pinned = true;
            wish.alignment = pinned_alignment;
        }
        return result.emplace_back(std::move(wish));
    };
    const auto add_module = [&](ModuleKind kind, const Artifact& module) {
        const ModuleRow& row = row_of(kind);
        Wish& wish = add(MemoryRole::module, row.key, module.content.size, row.address.value_or(windows.ramdisk), 1,
                         "");
        wish.name = row.name;
        wish.module = kind;
    };
    Wish& xen = add(MemoryRole::xen, "xen", std::max(artifacts.xen.header.image_size, artifacts.xen.content.size),
                    board::xen_address, 2 * MiB, "xen-misaligned");
    // booti rounds (address - text_offset) up to 2 MiB and moves the image there (U-Boot
    // arch/arm/lib/image.c).
    xen.alignment = 2 * MiB;
    xen.offset = artifacts.xen.header.text_offset % (2 * MiB);
    xen.rule = "xen-reaches-next";
    if (inputs.at_boot())
        add(MemoryRole::scratch, "overlay_scratch", sizes.overlay, board::overlay_scratch, 8, "dtb-misaligned");
    // Xen copies as many bytes as the module has to where dom0 will run, so the file's size is all that it
    // takes.
    add_module(ModuleKind::kernel, artifacts.kernel);
    if (!inputs.uses_fdt_addr()) {
        add(MemoryRole::tree, "dtb", sizes.region, windows.tree, 8, "dtb-misaligned");
        if (inputs.at_boot() && !inputs.classic())
            add(MemoryRole::loaded_tree, "", sizes.loaded, windows.tree + sizes.region, 8, "dtb-misaligned");
    }
    for (const auto& [kind, module] : artifacts.modules) add_module(kind, module);
    for (const Dom0lessGuest& guest : inputs.guests)
        for (const GuestModule& module : guest.modules) {
            if (module.of_dom0) continue;
            Wish& wish = add(MemoryRole::guest, "", module.content.size, windows.ramdisk, page, "");
            wish.name = guest.name + "'s " + row_of(module.kind).key;
            wish.file = module.file;
        }
    return result;
}

ChosenForXen chosen_of(const Inputs& inputs, const BootPlan& plan) {
    ChosenForXen chosen;
    chosen.xen_bootargs = plan.xen_bootargs;
    chosen.dom0_bootargs = plan.dom0_bootargs;
    chosen.keep_kernel_reg = inputs.allows("dom0-reg-too-small");
    const auto exact = [&](ModuleKind kind, const Artifact& artifact) {
        const MemoryRegion* region = plan.memory.find(kind);
        const std::uint64_t begin = region ? region->range.begin : 0;
        return Range{begin, begin + artifact.content.size};
    };
    std::uint64_t open_place = 0x10000000;
    chosen.modules[ModuleKind::kernel] = exact(ModuleKind::kernel, inputs.artifacts.kernel);
    for (const auto& [kind, module] : inputs.artifacts.modules) chosen.modules[kind] = exact(kind, module);
    for (const Dom0lessGuest& guest : inputs.guests) {
        GuestNode node{guest, {}};
        if (node.guest.static_memory && node.guest.static_memory->empty())
            node.guest.static_memory->push_back({open_place, open_place + guest.memory});
        for (const GuestModule& module : guest.modules) {
            const MemoryRegion* region = module.of_dom0 ? plan.memory.find(*module.of_dom0)
                                                        : plan.memory.find(module.file);
            // As long as places are open each has one of its own: its node is called by it.
            const std::uint64_t begin = region ? region->range.begin : open_place++;
            node.modules.push_back({begin, begin + module.content.size});
        }
        chosen.guests.push_back(std::move(node));
    }
    return chosen;
}

/// Every board's own, in the order of the inputs' trees: the overlays are applied to each of them.
std::vector<CardTrees> make_trees(const Inputs& inputs, const ChosenForXen& chosen) {
    std::vector<CardTrees> boards;
    for (const BoardTree& board : inputs.trees)
        boards.push_back(inputs.at_boot() ? prepare_for_boot(board.tree, inputs.overlays, chosen)
                                          : merge_for_card(board.tree, inputs.overlays, chosen));
    if (!inputs.at_boot()) return boards;
    // The card has each overlay once.
    for (const CardTrees& trees : boards)
        for (std::size_t index = 0; index < trees.overlays.size(); ++index)
            if (trees.overlays[index].tree.bytes() != boards.front().overlays[index].tree.bytes())
                throw Error(ErrorCode::unfit,
                            "overlay " + trees.overlays[index].name + " would differ from board to board",
                            "device trees with other cells or another PCIe controller", "the same for all",
                            "use \"apply_overlays\": \"compose\"");
    return boards;
}

std::string describe_moves(const MemoryMap& memory, bool left_fdt_addr) {
    std::string text;
    const auto add = [&](const std::string& move) { text += (text.empty() ? "" : ", ") + move; };
    for (const MemoryRegion& region : memory.regions)
        if (!region.moved_by.empty())
            add(region.name + " " + format_address(region.wanted) + " -> " + format_address(region.range.begin) + " (" +
                region.moved_by + ")");
    if (left_fdt_addr)
        add("device tree ${fdt_addr} -> " + format_address(memory.find(MemoryRole::tree)->range.begin) +
            " (tree-over-uboots-own)");
    return text;
}

ScriptPlan plan_script(const Inputs& inputs, const BootPlan& plan, const TreeSizes& sizes,
                       const std::vector<CardTrees>& boards) {
    const ChosenForXen chosen = chosen_of(inputs, plan);
    const auto address = [&](MemoryRole role) {
        const MemoryRegion* found = plan.memory.find(role);
        return found ? found->range.begin : 0;
    };
    ScriptPlan script;
    script.flavour = inputs.manifest.script;
    script.bootargs = plan.dom0_bootargs;
    script.env = inputs.manifest.env;
    script.xen = address(MemoryRole::xen);
    script.modules = chosen.modules;
    for (const GuestNode& node : chosen.guests)
        for (std::size_t index = 0; index < node.modules.size(); ++index)
            if (const GuestModule& module = node.guest.modules[index]; !module.of_dom0)
                script.guests.push_back({module.variable, module.file, node.modules[index]});
    if (!inputs.uses_fdt_addr()) script.tree = address(MemoryRole::tree);
    script.moved = describe_moves(plan.memory,
                                  inputs.classic() && script.tree && !inputs.manifest.addresses.contains("dtb"));
    if (const std::optional<Dom0Share> share = dom0_share(inputs.manifest)) {
        script.xen_bootargs = inputs.manifest.xen_bootargs;
        for (const BoardFit& board :
             automatic_fits(plan.memory, *share, all_board_memories, guests_memory(inputs.manifest)))
            script.dom0_mem.emplace_back(board.memory, board.dom0_mem);
    }
    for (const BoardTree& board : inputs.trees)
        if (board.model) script.board_trees.emplace_back(board.model->type_code, board.file);
    if (!inputs.at_boot()) return script;
    for (const NamedOverlay& overlay : inputs.overlays) script.overlays.push_back(overlay.name);
    script.overlay_scratch = address(MemoryRole::scratch);
    script.tree_as_loaded = address(MemoryRole::loaded_tree);
    script.tree_length = sizes.length;
    const DeviceTree& base = boards.front().base;  // the classic script has no others
    const std::uint64_t bare = script.tree ? resize_slack(base, *script.tree, 0) : least_resize_slack(base, 0);
    if (bare < sizes.room && !inputs.allows("overlay-no-room"))
        script.resize_argument = align_up(sizes.room + room_margin, page);
    return script;
}

void check_tree_size(const std::vector<CardTrees>& boards, const TreeSizes& sizes) {
    std::uint64_t size = sizes.length;
    for (const CardTrees& trees : boards) size = std::max(size, trees.effective.bytes().size());
    if (size <= board::max_tree_size) return;
    Problem problem;
    problem.message = "the device tree gets too large for Xen";
    problem.found = std::to_string(size) + " bytes";
    problem.allowed = std::to_string(board::max_tree_size) + " bytes";
    problem.change = "use a smaller device tree or fewer overlays";
    problem.rule = "dtb-too-large";
    throw Error(ErrorCode::unfit, std::move(problem));
}

std::vector<BootFile> boot_files(const Inputs& inputs, const BootPlan& plan, const std::vector<CardTrees>& boards,
                                 Bytes script) {
    const ArtifactSet& artifacts = inputs.artifacts;
    std::vector<BootFile> files;
    files.push_back({boot_name::config, memory_content(plan.config_txt, boot_name::config)});
    files.push_back({boot_name::uboot, artifacts.uboot.content});
    files.push_back({boot_name::script, memory_content(std::move(script), boot_name::script)});
    files.push_back({boot_name::xen, artifacts.xen.content});
    files.push_back({row_of(ModuleKind::kernel).file, artifacts.kernel.content});
    for (const auto& [kind, module] : artifacts.modules) files.push_back({row_of(kind).file, module.content});
    for (const Dom0lessGuest& guest : inputs.guests)
        for (const GuestModule& module : guest.modules)
            if (!module.of_dom0) files.push_back({module.file, module.content});
    for (std::size_t index = 0; index < boards.size(); ++index) {
        const BoardTree& board = inputs.trees[index];
        files.push_back({board.file, boards[index].base_changed ? memory_content(boards[index].base.bytes(), board.file)
                                                                : board.content});
    }
    const CardTrees& trees = boards.front();
    for (std::size_t index = 0; index < trees.overlays.size(); ++index) {
        const std::string path = "overlays/" + trees.overlays[index].name + ".dtbo";
        files.push_back({path, trees.changed[index] ? memory_content(trees.overlays[index].tree.bytes(), path)
                                                    : artifacts.overlays[index].content});
    }
    std::set<std::string> ours;
    for (const BootFile& file : files)
        if (!ours.insert(lower_case(file.path)).second)
            throw Error(ErrorCode::unfit, "two overlays would have the same name on the boot partition", file.path,
                        "names that differ in more than upper and lower case", "rename one of the files");
    for (const FirmwareFile& file : artifacts.firmware)
        if (!ours.contains(lower_case(file.path))) files.push_back({file.path, file.content});
    std::sort(files.begin(), files.end(), [](const BootFile& a, const BootFile& b) { return a.path < b.path; });
    return files;
}

}  // namespace

BootPlan plan_boot(const Manifest& manifest, const ArtifactSet& artifacts, std::uint32_t time,
                   const std::vector<std::string>& allow) {
    Inputs inputs = read_inputs(manifest, artifacts, allow);
    BootPlan plan;
    plan.dom0_bootargs = manifest.bootargs;
    plan.xen_bootargs = xen_command_line(manifest, 512 * MiB);
    plan.config_txt = render_config_txt(manifest.config_txt);

    // First with places still open, for the sizes; the numbers written later have the same lengths.
    const TreeSizes sizes = measure(inputs, make_trees(inputs, chosen_of(inputs, plan)));
    const std::uint64_t low_end = board::low_memory_end(manifest.config_txt);
    plan.memory = plan_memory(wishes(inputs, sizes), obstacles(inputs, low_end), low_end);
    const std::optional<Dom0Share> share = dom0_share(manifest);
    place_static_memory(inputs.guests, plan.memory, share ? std::nullopt : asked_for_dom0(plan.xen_bootargs));
    plan.guests = inputs.guests;

    const GuestsMemory guests = guests_memory(manifest);
    plan.boards = share ? automatic_fits(plan.memory, *share, board_memories, guests)
                        : board_fits(plan.memory, plan.xen_bootargs, guests);
    if (share) plan.xen_bootargs = xen_command_line(manifest, plan.boards.front().dom0_mem);
    const std::vector<CardTrees> trees = make_trees(inputs, chosen_of(inputs, plan));
    check_tree_size(trees, sizes);
    plan.device_tree = trees.front().base.bytes();
    const ScriptPlan script = plan_script(inputs, plan, sizes, trees);
    plan.script = render_script(script);
    plan.files = boot_files(inputs, plan, trees, pack_script(plan.script, time, manifest.name));
    return plan;
}

}  // namespace rpixen
