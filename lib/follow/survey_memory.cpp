#include "follow/survey_memory.hpp"

#include <algorithm>
#include <limits>
#include <set>

#include <rpixen/error.hpp>

#include "base/size.hpp"
#include "base/text.hpp"
#include "board/board.hpp"
#include "follow/boot_files.hpp"
#include "follow/tree_facts.hpp"
#include "rules/rules.hpp"

namespace rpixen {
namespace {

/// What a module node says it is, or its place among those that do not; nothing for a third of those.
std::optional<ModuleKind> kind_of(const ModuleFacts& module, unsigned& unnamed) {
    for (const ModuleRow& row : module_rows)
        if (row.names(module.compatible)) return row.kind;
    if (has_word(module.compatible, "multiboot,device-tree")) return std::nullopt;
    ++unnamed;
    if (unnamed == 1) return ModuleKind::kernel;
    if (unnamed == 2) return ModuleKind::initrd;
    return std::nullopt;
}

Range range_at_address(std::uint64_t address, std::uint64_t size) {
    return {address, address + std::min(size, std::numeric_limits<std::uint64_t>::max() - address)};
}

class MemorySurveyor {
  public:
    MemorySurveyor(UBootRun& run, bool by_firmware, Kernels& kernels, BootScenario& scenario)
        : run_(run), memory_(run.memory), by_firmware_(by_firmware), kernels_(kernels), scenario_(scenario) {}

    void fill() {
        scenario_.overlays = memory_.overlays;
        find_tree();
        find_started_image();
        find_modules();
        fill_guests();
        guess_kernel();
        for (const MemoryObject& object : memory_.objects)
            if (!named_.contains(&object)) fill_other(object);
        reserved();
    }

  private:
    /// What booti is given, else what the script worked on last.
    void find_tree() {
        const MemoryObject* tree = nullptr;
        if (run_.booti && !run_.booti->tree.empty()) tree = memory_.find(parse_hex(run_.booti->tree));
        if (!tree || !tree->tree) tree = memory_.last_worked_on();
        if (!tree || (tree->firmware && memory_.refused_tree())) tree = memory_.refused_tree();
        if (!tree) return;
        named_.insert(tree);
        fill_tree(*tree);
    }

    void find_started_image() {
        if (!run_.booti) return;
        const MemoryObject* image = memory_.find(parse_hex(run_.booti->image));
        if (!image) return;
        named_.insert(image);
        XenFacts facts = survey_xen(image->file, image->content);
        KernelFacts linux;
        if (facts.major == 0) linux = kernels_.survey(image->file, image->content);
        if (!linux.release.empty())
            fill_kernel(*image, std::move(linux));  // without Xen
        else
            fill_xen(*image, std::move(facts));
    }

    /// Of dom0: what the tree's module nodes point at, and the initrd that booti is given.
    void find_modules() {
        unsigned unnamed = 0;
        if (scenario_.device_tree && scenario_.device_tree->effective)
            for (const ModuleFacts& module : scenario_.device_tree->effective->modules) {
                if (!module.domain.empty()) continue;
                const std::optional<ModuleKind> kind = kind_of(module, unnamed);
                const MemoryObject* object = module.range ? memory_.find(module.range->begin) : nullptr;
                if (!object || named_.contains(object)) continue;
                named_.insert(object);
                fill_module(kind, *object);
            }
        if (run_.booti && !run_.booti->initrd.empty() && run_.booti->initrd != "-" &&
            !scenario_.modules.contains(ModuleKind::initrd))
            if (const MemoryObject* initrd = memory_.find(parse_hex(run_.booti->initrd));
                initrd && named_.insert(initrd).second)
                fill_module(ModuleKind::initrd, *initrd);
    }

    void place(Placement::Role role, std::string name, const MemoryObject& object, const Range& range) {
        Placement placement;
        placement.role = role;
        placement.name = std::move(name);
        placement.range = range;
        placement.from = object.from;
        scenario_.placements.push_back(std::move(placement));
    }

    void fill_tree(const MemoryObject& object) {
        DeviceTreeFacts facts;
        facts.from_firmware = object.firmware;
        facts.file = object.firmware ? "" : object.file;
        facts.size = object.size;
        facts.address = object.address;
        try {
            facts.as_stored = tree_facts(DeviceTree::parse(read_all(object.content), object.file));
        } catch (const Error& error) {
            if (error.code() == ErrorCode::io) throw;
            facts.valid = false;
        }
        const bool applied = std::none_of(
            memory_.overlays.begin(), memory_.overlays.end(), [](const OverlayFacts& overlay) {
                return !overlay.valid || !overlay.is_overlay || overlay.cannot_be_applied();
            });
        if (object.tree && !object.destroyed && (applied || run_.started)) {
            facts.effective = tree_facts(*object.tree);
            facts.effective->total_size = object.room_end;
        }
        scenario_.device_tree = std::move(facts);
        // The firmware's own tree lies where the firmware wants it.
        place(Placement::Role::device_tree,
              object.firmware ? "the firmware's device tree" : "the device tree (" + object.file + ")", object,
              object.range());
    }

    void fill_xen(const MemoryObject& object, XenFacts facts) {
        facts.address = object.address;
        facts.in_place = by_firmware_;
        const std::uint64_t size = std::max(object.size, facts.header ? facts.header->image_size : 0);
        place(Placement::Role::xen, "Xen (" + object.file + ")", object, range_at_address(xen_runs_at(facts), size));
        scenario_.xen = std::move(facts);
    }

    void fill_module(std::optional<ModuleKind> kind, const MemoryObject& object) {
        if (kind == ModuleKind::kernel) return fill_kernel(object, kernels_.survey(object.file, object.content));
        if (kind) scenario_.modules[*kind] = {object.file, object.size, object.address};
        place_module(kind, object);
    }

    void fill_kernel(const MemoryObject& object, KernelFacts facts) {
        facts.address = object.address;
        scenario_.kernel = std::move(facts);
        place_module(ModuleKind::kernel, object);
    }

    void place_module(std::optional<ModuleKind> kind, const MemoryObject& object) {
        const char* name = kind ? row_of(*kind).spoken : "a module";
        place(kind ? Placement::Role::module : Placement::Role::other, std::string(name) + " (" + object.file + ")",
              object, object.range());
        scenario_.placements.back().module = kind;
    }

    /// After dom0's modules: what both name is dom0's.
    void fill_guests() {
        using Kind = GuestModuleFacts::Kind;
        if (!scenario_.device_tree || !scenario_.device_tree->effective) return;
        for (const ModuleFacts& module : scenario_.device_tree->effective->modules) {
            const MemoryObject* object = module.range ? memory_.find(module.range->begin) : nullptr;
            if (module.domain.empty() || !object) continue;
            GuestModuleFacts facts;
            facts.file = object->file;
            facts.size = object->size;
            facts.address = object->address;
            facts.module = module.path;
            facts.domain = module.domain;
            facts.reg_size = module.range->size();
            if (has_word(module.compatible, "multiboot,kernel")) {
                facts.kind = Kind::kernel;
                const KernelFacts kernel = kernels_.survey(object->file, object->content);
                facts.image = kernel.kind;
                facts.config = kernel.config;
            } else if (has_word(module.compatible, "multiboot,ramdisk")) {
                facts.kind = Kind::ramdisk;
            } else if (has_word(module.compatible, "multiboot,device-tree")) {
                fill_guest_tree(*object, facts);
            }
            scenario_.guest_modules.push_back(std::move(facts));
            if (named_.insert(object).second)
                place(Placement::Role::guest, object->file + " of " + module.domain, *object, object->range());
        }
    }

    /// Which of the board's devices a guest's partial tree gives it: xen docs/misc/arm/passthrough-noiommu.txt.
    static void fill_guest_tree(const MemoryObject& object, GuestModuleFacts& facts) {
        try {
            const DeviceTree tree = DeviceTree::parse(read_all(object.content), object.file);
            for (const std::string& path : tree.paths()) {
                const auto device = tree.string(path, "xen,path");
                if (!device) continue;
                const bool forced = tree.property(path, "xen,force-assign-without-iommu").has_value();
                (forced ? facts.forced : facts.needs_iommu).push_back(*device);
            }
        } catch (const Error& error) {
            if (error.code() == ErrorCode::io) throw;
        }
    }

    /// Where no module node points at the kernel it is still found among what was loaded, by what it is.
    void guess_kernel() {
        if (scenario_.kernel || !has_dom0(scenario_)) return;
        for (const MemoryObject& object : memory_.objects) {
            if (named_.contains(&object) || object.tree || object.content.size < 1 * MiB) continue;
            KernelFacts facts = kernels_.survey(object.file, object.content);
            if (facts.kind == ImageKind::unknown || facts.kind == ImageKind::packed) continue;
            named_.insert(&object);
            return fill_kernel(object, std::move(facts));
        }
    }

    void fill_other(const MemoryObject& object) {
        const bool overlay = std::any_of(
            memory_.overlays.begin(), memory_.overlays.end(),
            [&](const OverlayFacts& facts) { return facts.file == object.file && facts.address == object.address; });
        if (object.firmware && object.last_use == 0) return;  // nobody wants it
        Placement placement;
        placement.role = overlay ? Placement::Role::overlay : Placement::Role::other;
        placement.name = object.file;
        placement.range = object.range();
        placement.from = object.from;
        // What was read by a later command is free again after that; what nobody read may be anything.
        if (object.last_use > object.from || overlay) placement.until = object.last_use;
        scenario_.placements.push_back(std::move(placement));
    }

    void reserved() {
        std::vector<std::string> memory_lines;
        for (const char* key : {"gpu_mem", "gpu_mem_1024", "total_mem"})
            if (const auto value = config_value(*scenario_.firmware, key))
                memory_lines.push_back(std::string(key) + "=" + *value);
        const std::uint64_t top = board::low_memory_end(memory_lines);
        const std::uint64_t begin = top > board::uboot_runtime_size ? top - board::uboot_runtime_size : 0;
        scenario_.placements.push_back({Placement::Role::reserved, "the other cores' spin table", board::first_page});
        if (by_firmware_) return;
        scenario_.placements.push_back({Placement::Role::reserved, "U-Boot's run-time area", Range{begin, top}});
        if (const auto moved = moved_tree())
            scenario_.placements.push_back(
                {Placement::Role::reserved, "the device tree, moved there by U-Boot", *moved});
    }

    /// Where booti moves the device tree to: below bootm_size, unless fdt_high forbids it (U-Boot
    /// boot/image-fdt.c boot_relocate_fdt).
    std::optional<Range> moved_tree() {
        if (!scenario_.uboot || !scenario_.device_tree || !scenario_.device_tree->address) return std::nullopt;
        const auto end = board::windows(*scenario_.uboot).relocation_end;
        const TreeFacts* tree = scenario_.device_tree->effective ? &*scenario_.device_tree->effective : nullptr;
        const std::uint64_t size = align_up((tree ? tree->total_size : scenario_.device_tree->size) + board::fdt_pad,
                                            4 * KiB);
        if (!end || *end < size) return std::nullopt;
        return Range{*end - size, *end};
    }

    const UBootRun& run_;
    UBootMemory& memory_;
    const bool by_firmware_;
    Kernels& kernels_;
    BootScenario& scenario_;
    std::set<const MemoryObject*> named_;  ///< what is known to be something
};

}  // namespace

void survey_memory(UBootRun& run, bool by_firmware, Kernels& kernels, BootScenario& scenario) {
    MemorySurveyor(run, by_firmware, kernels, scenario).fill();
}

}  // namespace rpixen
