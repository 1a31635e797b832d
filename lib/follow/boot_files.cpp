#include "follow/boot_files.hpp"

#include <algorithm>

#include <rpixen/error.hpp>

#include "artifact/boot_binaries.hpp"
#include "artifact/file_kind.hpp"
#include "base/budget.hpp"
#include "base/text.hpp"
#include "board/board.hpp"
#include "boot/config_txt.hpp"
#include "unpack/packing.hpp"

namespace rpixen {
namespace {

constexpr std::uint64_t largest_config = 256 * KiB;
constexpr int deepest_include = 8;
/// Steps are lines and includes. A file that includes itself twice would be read 2^8 times.
constexpr Budget config_budget{.of = "config.txt with what it includes", .steps = 20'000};

std::optional<NodeId> find_node(const FileTree& tree, std::string_view path) {
    NodeId node = FileTree::root();
    while (!path.empty()) {
        const std::size_t end = std::min(path.find('/'), path.size());
        const std::string_view part = path.substr(0, end);
        path.remove_prefix(std::min(end + 1, path.size()));
        if (part.empty() || part == ".") continue;
        if (tree.type(node) != NodeType::directory) return std::nullopt;
        std::optional<NodeId> next = tree.child(node, part);
        if (!next)
            for (const EntryId entry : tree.children(node))
                if (same_name(tree.entry_name(entry), part)) next = tree.entry_node(entry);
        if (!next) return std::nullopt;
        node = *next;
    }
    return node;
}

void add_files(const FileTree& tree, NodeId folder, const std::string& path,
               std::map<std::string, std::uint64_t>& files) {
    for (const EntryId entry : tree.children(folder)) {
        const NodeId node = tree.entry_node(entry);
        const std::string name = path + std::string(tree.entry_name(entry));
        if (tree.type(node) == NodeType::directory)
            add_files(tree, node, name + "/", files);
        else
            files[name] = tree.size(node);
    }
}

void add_config(const FileTree& tree, const std::string& file, int depth, Spending& spent, FirmwareFacts& facts) {
    for (ConfigLine& line : parse_config_txt(as_text(read_boot_file(tree, file, largest_config)), file)) {
        spent.steps();
        const BoardModel& board = facts.board ? *facts.board : raspberry_pi_4b();
        const bool include = line.key == "include" && board.takes(line.section);
        const std::string included = line.value;
        facts.config.push_back(std::move(line));
        if (include && depth < deepest_include) {
            spent.steps(100);  // a file is read
            add_config(tree, included, depth + 1, spent, facts);
        }
    }
}

Bytes start_of(const Content& content, std::size_t most) {
    Bytes start(static_cast<std::size_t>(std::min<std::uint64_t>(content.size, most)));
    if (!start.empty() && content.source) content.open()->read(0, start);
    return start;
}

ImageKind kind_of(const Content& content) {
    const Bytes start = start_of(content, file_kind_bytes);
    switch (detect_file_kind(start)) {
        case FileKind::arm64_image:
            return ImageKind::arm64;
        case FileKind::arm32_kernel:
            return ImageKind::arm32;
        case FileKind::zboot:
            return ImageKind::zboot;
        case FileKind::elf:
            return ImageKind::elf;
        case FileKind::efi_program:
            return ImageKind::efi;
        case FileKind::legacy_image:
            return ImageKind::uimage;
        case FileKind::packed:
            return detect_packing(start) == Packing::gzip ? ImageKind::gzip : ImageKind::packed;
        default:
            return ImageKind::unknown;
    }
}

/// AArch64 code begins with a branch (0b000101...), 32-bit Arm code with one of its own (0xea......).
std::optional<bool> is_arm64_code(const Content& content) {
    const Bytes start = start_of(content, 4);
    if (start.size() < 4) return std::nullopt;
    const auto word = load_le<std::uint32_t>(start.data());
    if (word >> 26 == 5) return true;
    if (word >> 24 == 0xea) return false;
    return std::nullopt;
}

/// TF-A says "BL31: " in its greeting. It takes 512 KiB whatever the size of its file, and says so in the tree
/// that it hands over (plat/rpi/rpi4/rpi4_bl31_setup.c).
bool is_trusted_firmware(const Content& content) {
    constexpr std::size_t most = 1 * MiB;
    return as_text(start_of(content, most)).find("BL31: ") != std::string_view::npos;
}

std::optional<Range> armstub_range(const FileTree& tree, const FirmwareFacts& facts) {
    const auto name = config_value(facts, "armstub");
    const auto content = name ? find_boot_file(tree, *name) : std::nullopt;
    if (!content) return std::nullopt;
    return is_trusted_firmware(*content) ? board::armstub : Range{0, content->size};
}

}  // namespace

std::optional<Content> find_boot_file(const FileTree& tree, std::string_view path) {
    const auto node = find_node(tree, path);
    if (!node || tree.type(*node) != NodeType::file) return std::nullopt;
    return tree.content(*node);
}

Bytes read_boot_file(const FileTree& tree, std::string_view path, std::uint64_t most) {
    const auto content = find_boot_file(tree, path);
    return content ? start_of(*content, static_cast<std::size_t>(most)) : Bytes{};
}

FirmwareFacts survey_firmware(const FileTree& tree, const BoardModel* board) {
    FirmwareFacts facts;
    facts.board = board;
    add_files(tree, FileTree::root(), "", facts.files);
    facts.config_present = find_boot_file(tree, "config.txt").has_value();
    Spending spent(config_budget);
    add_config(tree, "config.txt", 0, spent, facts);
    facts.armstub = armstub_range(tree, facts);
    if (const auto start = find_boot_file(tree, config_value(facts, "start_file").value_or("start4.elf")))
        facts.built = firmware_build_date(*start);
    return facts;
}

bool can_be_program(const Content& content) {
    constexpr std::size_t looked_at = 64;
    const Bytes start = start_of(content, looked_at);
    return start.size() == looked_at && std::any_of(start.begin(), start.end(), [](std::byte byte) {
               const auto value = std::to_integer<unsigned>(byte);
               return value >= 0x7f || (value < 0x20 && value != '\t' && value != '\n' && value != '\r');
           });
}

XenFacts survey_xen(const std::string& file, const Content& content) {
    XenArtifact artifact;
    artifact.content = content;
    artifact.path = file;
    examine_xen(artifact);
    XenFacts facts;
    facts.file = file;
    facts.size = content.size;
    facts.kind = kind_of(content);
    if (facts.kind == ImageKind::arm64) facts.header = artifact.header;
    facts.banner = artifact.banner;
    if (facts.kind == ImageKind::arm64 && artifact.major > 0) facts.config = xen_build_config(content);
    facts.major = artifact.major;
    facts.minor = artifact.minor;
    return facts;
}

KernelFacts kernel_facts(const KernelArtifact& kernel) {
    KernelFacts facts;
    facts.file = kernel.path;
    facts.size = kernel.content.size;
    facts.kind = kind_of(kernel.content);
    if (facts.kind != ImageKind::arm64) return facts;
    facts.header = kernel.header;
    facts.release = kernel.release;
    facts.major = kernel.major;
    facts.minor = kernel.minor;
    facts.built_for_xen = kernel.built_for_xen;
    facts.config = kernel.config;
    return facts;
}

KernelFacts survey_kernel(const std::string& file, const Content& content) {
    KernelArtifact artifact;
    artifact.content = content;
    artifact.path = file;
    if (kind_of(content) == ImageKind::arm64) examine_kernel(artifact);
    return kernel_facts(artifact);
}

UBootFacts survey_uboot(const std::string& file, const Content& content) {
    UBootArtifact artifact;
    artifact.content = content;
    artifact.path = file;
    examine_uboot(artifact);
    UBootFacts facts;
    static_cast<UBootRelease&>(facts) = artifact;
    facts.file = file;
    facts.size = content.size;
    facts.arm64 = is_arm64_code(content);
    if (!artifact.banner.empty()) {
        facts.legacy_image = artifact.has_legacy_image;
        facts.booti = artifact.has_booti;
        facts.fdt_overlay = artifact.has_fdt_overlay;
    }
    return facts;
}

}  // namespace rpixen
