#include <algorithm>

#include <rpixen/error.hpp>

#include "follow/uboot/shell.hpp"
#include "format/arm64_image.hpp"
#include "format/fit_image.hpp"
#include "format/uboot_image.hpp"
#include "unpack/unpack.hpp"

// bootm and imxtract (boot/bootm.c, cmd/ximg.c): images inside images. For an arm64 Linux, which Xen calls
// itself, bootm ends where booti does.

namespace rpixen {
namespace {

constexpr std::uint64_t largest_unpacked = 64 * MiB;

/// What unpacks to itself, or gzip; nothing for what is not followed here.
std::optional<Content> unpacked(const Content& packed, bool gzip, const std::string& name) {
    if (!gzip) return packed;
    if (packed.size > largest_unpacked) return std::nullopt;
    try {
        return memory_content(unpack_bytes(read_all(packed), largest_unpacked, name), name);
    } catch (const Error& error) {
        if (error.code() == ErrorCode::io) throw;
        return std::nullopt;
    }
}

std::optional<UbootImage> legacy_header(const Content& content) {
    Bytes header(static_cast<std::size_t>(std::min<std::uint64_t>(content.size, UbootImage::header_size)));
    if (!content.source || header.empty()) return std::nullopt;
    content.open()->read(0, header);
    return parse_uboot_image(header);
}

}  // namespace

/// Puts what is inside another file to its own place.
MemoryObject& Shell::place_part(const MemoryObject& whole, const Content& content, const std::string& name,
                                std::uint64_t address) {
    MemoryObject object;
    object.file = name;
    object.address = address;
    object.size = content.size;
    object.content = content;
    object.from = object.last_use = count();
    object.partition = whole.partition;
    return run_.memory.place(std::move(object));
}

/// bootm [<address>[#<configuration>] [<initrd>|- [<tree>]]]
int Shell::bootm(const Words& words, const hush::Step& written) {
    const std::string text = words.size() > 1 ? words[1] : value("loadaddr");
    const std::size_t split = text.find_first_of(":#");
    const std::string address = text.substr(0, split);
    UBootRun::Booti boot;
    boot.image = address;
    boot.initrd = words.size() > 2 ? words[2] : "";
    boot.tree = words.size() > 3 ? words[3] : "";
    boot.has_tree = !boot.tree.empty() && run_.memory.holds_tree(parse_hex(boot.tree));
    MemoryObject* image = run_.memory.find(parse_hex(address));
    if (!image) {
        run_.booti = boot;
        return 1;
    }
    image->last_use = count();
    const MemoryObject whole = *image;
    if (const auto header = legacy_header(whole.content)) {
        const bool plain = header->compression == UbootImage::Compression::none;
        const bool gzip = header->compression == UbootImage::Compression::gzip;
        const std::uint64_t size = std::min<std::uint64_t>(header->data_size, whole.size - UbootImage::header_size);
        const auto content = plain || gzip
                                 ? unpacked(part_of(whole.content, UbootImage::header_size, size), gzip, whole.file)
                                 : std::nullopt;
        if (!content || header->type != UbootImage::Type::kernel) {
            unfollowed(run_.steps.back().text, where(written));
            return 1;
        }
        place_part(whole, *content, whole.file, header->load_address);
        boot.image = "0x" + to_hex(header->load_address);
        return start_image(boot);
    }
    if (const auto fit = parse_fit_image(whole.content)) {
        const bool named = split != std::string::npos && text[split] == '#';
        const FitConfiguration* configuration = fit->configuration(named ? text.substr(split + 1) : "");
        if (!configuration || (split != std::string::npos && !named)) {
            unfollowed(run_.steps.back().text, where(written));
            return 1;
        }
        return start_fit(whole, *fit, *configuration, boot, written);
    }
    run_.booti = boot;
    once(run_.refused_images, whole.file + " at 0x" + to_hex(whole.address) + " (" + where(written) + ")");
    say("Wrong Image Format for bootm command");
    return 1;
}

int Shell::start_fit(const MemoryObject& whole, const FitImage& fit, const FitConfiguration& configuration,
                     UBootRun::Booti boot, const hush::Step& written) {
    const auto bring = [&](const std::string& name) -> std::optional<std::string> {
        const FitPart* part = fit.find(name);
        if (!part) return std::nullopt;
        const bool gzip = part->compression == "gzip";
        if (!gzip && !part->compression.empty() && part->compression != "none") return std::nullopt;
        const auto content = unpacked(part_of(whole.content, part->data.begin, part->data.size()), gzip, whole.file);
        if (!content) return std::nullopt;
        const std::uint64_t address = part->load.value_or(whole.address + part->data.begin);
        place_part(whole, *content, name + " of " + whole.file, address);
        return "0x" + to_hex(address);
    };
    const auto kernel = bring(configuration.kernel);
    if (!kernel) {
        unfollowed(run_.steps.back().text, where(written));
        return 1;
    }
    boot.image = *kernel;
    for (const std::string& name : configuration.loadables) bring(name);
    if (boot.initrd.empty() && !configuration.ramdisk.empty())
        boot.initrd = bring(configuration.ramdisk).value_or(boot.initrd);
    if (boot.tree.empty() && !configuration.tree.empty()) boot.tree = bring(configuration.tree).value_or(boot.tree);
    return start_image(boot);
}

/// imxtract <address> <part> [<destination>]
int Shell::imxtract(const Words& words, const hush::Step& written) {
    if (words.size() < 3) return 1;
    MemoryObject* image = run_.memory.find(parse_hex(words[1]));
    if (!image) return 1;
    image->last_use = count();
    const MemoryObject whole = *image;
    const auto fit = parse_fit_image(whole.content);
    if (!fit) {
        unfollowed(run_.steps.back().text, where(written));
        return 1;
    }
    const FitPart* part = fit->find(words[2]);
    if (!part) {
        say("Can't find '" + words[2] + "' FIT subimage");
        once(guarded_ > 0 ? run_.optional_files : run_.missing_files,
             words[2] + " of " + whole.file + " (" + where(written) + ")");
        return 1;
    }
    const auto content = unpacked(part_of(whole.content, part->data.begin, part->data.size()),
                                  part->compression == "gzip" && words.size() > 3, whole.file);
    if (!content) {
        unfollowed(run_.steps.back().text, where(written));
        return 1;
    }
    const std::uint64_t address = words.size() > 3 ? parse_hex(words[3]) : whole.address + part->data.begin;
    place_part(whole, *content, words[2] + " of " + whole.file, address);
    set("fileaddr", to_hex(address));
    set("filesize", to_hex(content->size));
    return 0;
}

}  // namespace rpixen
