#include "boot/plan_scenario.hpp"

#include "boot/config_txt.hpp"
#include "boot/tree_facts.hpp"
#include "devicetree/slack.hpp"

namespace rpixen {
namespace {

std::optional<std::uint64_t> address_of(const BootPlan& plan, std::string_view name) {
    const MemoryRegion* region = plan.memory.find(name);
    return region ? std::optional(region->range.begin) : std::nullopt;
}

LoadedFile loaded(const Artifact& artifact, const char* name, std::optional<std::uint64_t> address) {
    return {name, artifact.content.size, address};
}

std::vector<Placement> placements(const MemoryMap& memory) {
    using Role = Placement::Role;
    constexpr std::pair<const char*, Role> roles[] = {
        {region::xen, Role::xen},          {region::kernel, Role::kernel},
        {region::initrd, Role::initrd},    {region::xsm_policy, Role::xsm_policy},
        {region::tree, Role::device_tree}, {region::loaded_tree, Role::other},
        {region::scratch, Role::overlay},
    };
    std::vector<Placement> result;
    for (const MemoryRegion& region : memory.regions) {
        // U-Boot's windows do not matter to our scripts: the text runs from a copy, and nothing else is
        // loaded there.
        if (region.kind == MemoryRegion::Kind::window || region.kind == MemoryRegion::Kind::ram) continue;
        Role role = Role::reserved;
        for (const auto& [name, known] : roles)
            if (region.kind == MemoryRegion::Kind::placed && region.name == name) role = known;
        Placement placement;
        placement.role = role;
        placement.name = region.name;
        placement.range = region.range;
        result.push_back(std::move(placement));
    }
    return result;
}

DeviceTreeFacts device_tree_facts(const CardTrees& trees, const ScriptPlan& script) {
    DeviceTreeFacts facts;
    facts.file = boot_name::tree;
    facts.size = trees.base.bytes().size();
    facts.address = script.tree;  // nothing: where the firmware had its own
    facts.as_stored = tree_facts(trees.base);
    facts.effective = tree_facts(trees.effective);
    return facts;
}

/// The overlays that U-Boot applies, each with the room that is there when it is its turn.
std::vector<OverlayFacts> overlay_facts(const CardTrees& trees, const ScriptPlan& script) {
    std::vector<OverlayFacts> result;
    if (script.overlays.empty()) return result;
    const bool checked = script.flavour == ScriptFlavour::checked;
    const auto all = trees_of(trees.overlays);
    const std::uint64_t extra = script.resize_argument.value_or(0);
    const std::uint64_t room = checked       ? script.tree_length - trees.base.used_size()
                               : script.tree ? resize_slack(trees.base, *script.tree, extra)
                                             : least_resize_slack(trees.base, extra);
    for (std::size_t index = 0; index < all.size(); ++index) {
        const std::uint64_t before = room_needed(trees.base, std::span(all).first(index));
        OverlayFacts facts;
        facts.file = "overlays/" + trees.overlays[index].name + ".dtbo";
        facts.size = all[index].bytes().size();
        facts.at_boot = true;
        facts.address = script.overlay_scratch;
        facts.resized = true;
        if (!checked) facts.resize_argument = script.resize_argument ? format_address(extra) : "";
        facts.room = room > before ? room - before : 0;
        facts.needed = room_needed(trees.base, std::span(all).first(index + 1)) - before;
        facts.base_kept = checked;
        result.push_back(std::move(facts));
    }
    return result;
}

UBootFacts uboot_facts(const UBootArtifact& artifact) {
    UBootFacts facts;
    facts.file = boot_name::uboot;
    facts.size = artifact.content.size;
    facts.banner = artifact.banner;
    facts.year = artifact.year;
    facts.month = artifact.month;
    facts.environment = artifact.environment;
    if (!artifact.banner.empty()) {
        facts.legacy_image = artifact.has_legacy_image;
        facts.booti = artifact.has_booti;
        facts.fdt_overlay = artifact.has_fdt_overlay;
    }
    return facts;
}

ScriptFacts script_facts(const BootPlan& plan, const ScriptPlan& script) {
    ScriptFacts facts;
    facts.file = boot_name::script;
    facts.text = plan.script;
    facts.size = plan.script.size() + 72;
    facts.header_right = true;
    facts.uses_fdt_addr = !script.tree;
    facts.loads_tree_to_fdt_addr = !script.tree;
    facts.sets_bootargs = true;
    facts.bootargs = plan.dom0_bootargs;
    facts.reaches_booti = true;
    facts.booti_image = format_address(script.xen);
    facts.booti_initrd = "-";
    facts.booti_tree = script.tree ? format_address(*script.tree) : "${fdt_addr}";
    return facts;
}

}  // namespace

BootScenario scenario_of(const ArtifactSet& artifacts, const BootPlan& plan, const CardTrees& trees,
                         const ScriptPlan& script) {
    BootScenario scenario;
    XenFacts& xen = scenario.xen.emplace();
    static_cast<LoadedFile&>(xen) = loaded(artifacts.xen, boot_name::xen, script.xen);
    xen.kind = ImageKind::arm64;
    xen.header = artifacts.xen.header;
    xen.banner = artifacts.xen.banner;
    xen.major = artifacts.xen.major;
    xen.minor = artifacts.xen.minor;

    KernelFacts& kernel = scenario.kernel.emplace();
    static_cast<LoadedFile&>(kernel) = loaded(artifacts.kernel, boot_name::kernel, script.kernel.begin);
    kernel.kind = ImageKind::arm64;
    kernel.header = artifacts.kernel.header;
    kernel.release = artifacts.kernel.release;
    kernel.major = artifacts.kernel.major;
    kernel.minor = artifacts.kernel.minor;
    kernel.built_for_xen = artifacts.kernel.built_for_xen;
    kernel.config = artifacts.kernel.config;

    if (artifacts.initrd)
        scenario.initrd = loaded(*artifacts.initrd, boot_name::initrd, address_of(plan, region::initrd));
    if (artifacts.xsm_policy)
        scenario.xsm_policy =
            loaded(*artifacts.xsm_policy, boot_name::xsm_policy, address_of(plan, region::xsm_policy));
    scenario.device_tree = device_tree_facts(trees, script);
    scenario.overlays = overlay_facts(trees, script);
    scenario.placements = placements(plan.memory);
    scenario.uboot = uboot_facts(artifacts.uboot);
    scenario.script = script_facts(plan, script);

    FirmwareFacts& firmware = scenario.firmware.emplace();
    firmware.config = parse_config_txt(plan.config_txt, boot_name::config);
    for (const BootFile& file : plan.files) firmware.files[file.path] = file.content.size;

    scenario.xen_bootargs = plan.xen_bootargs;
    scenario.dom0_bootargs = plan.dom0_bootargs;
    for (const auto& [board, memory] : script.dom0_mem)
        scenario.dom0_mem_of_board[board] = std::to_string(memory / MiB) + "M";
    return scenario;
}

}  // namespace rpixen
