#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <set>

#include "base/size.hpp"
#include "manifest/sections.hpp"
#include "manifest/text_rules.hpp"

namespace rpixen {
namespace {

/// A partition table of 32-bit sector numbers ends there.
constexpr std::uint64_t largest_card = 2048 * GiB;

constexpr SizeLimits image_limits{.least = MiB, .most = largest_card, .unit = MiB, .words = "\"auto\""};
constexpr SizeLimits alignment_limits{.least = 4 * KiB, .most = GiB, .unit = 4 * KiB};
constexpr SizeLimits boot_limits{.least = MiB, .most = largest_card, .unit = 4 * KiB};
constexpr SizeLimits root_limits{.least = MiB, .most = largest_card, .unit = 4 * KiB, .words = "\"auto\", \"fill\""};
constexpr SizeLimits free_limits{.least = 0, .most = largest_card, .unit = 4 * KiB};

void read_alignment(const JsonValue& value, Problems& problems, Manifest& manifest) {
    const auto bytes = read_size(value, alignment_limits, problems);
    if (!bytes) return;
    if (std::has_single_bit(*bytes))
        manifest.alignment = *bytes;
    else
        problems.add(value, "not a power of two", "a power of two from \"4KiB\" to \"1GiB\"",
                     "nearest are \"" + format_size(std::bit_floor(*bytes)) + "\" and \"" +
                         format_size(std::bit_ceil(*bytes)) + '"');
}

void read_label(const JsonValue& value, Problems& problems, TextRule rule, std::string& label) {
    label = read_text(value, problems, rule).value_or(label);
}

void read_boot_partition(const JsonValue& value, Problems& problems, Manifest& manifest) {
    ObjectReader object(value, problems);
    if (const JsonValue* label = object.optional("label"))
        read_label(*label, problems, text_rules::fat_label, manifest.boot_label);
    if (const JsonValue* size = object.optional("size"))
        manifest.boot_size = read_size(*size, boot_limits, problems).value_or(manifest.boot_size);
    object.finish();
}

void read_root_partition(const JsonValue& value, Problems& problems, Manifest& manifest) {
    ObjectReader object(value, problems);
    if (const JsonValue* label = object.optional("label"))
        read_label(*label, problems, text_rules::ext4_label, manifest.root_label);
    if (const JsonValue* size = object.optional("size")) {
        if (is_word(*size, "fill")) {
            manifest.root_size.kind = SizeWish::Kind::fill;
            if (manifest.image_size.kind == SizeWish::Kind::automatic && manifest.image_size.bytes == 0)
                problems.add(*size, "there is nothing to fill", "\"fill\" with an exact size of the image",
                             "give \"size\" of \"image\" in bytes, or write \"auto\" here; 'flash' fills the card");
            else
                manifest.image_size.kind = SizeWish::Kind::exact;  // of the card
        } else if (!is_word(*size, "auto")) {
            if (const auto bytes = read_size(*size, root_limits, problems))
                manifest.root_size = {SizeWish::Kind::exact, *bytes};
        }
    }
    if (const JsonValue* free = object.optional("free"))
        manifest.root_free = read_size(*free, free_limits, problems).value_or(manifest.root_free);
    object.finish();
}

ExtraFile read_file(const JsonValue& value, Problems& problems, const std::string& folder) {
    ExtraFile file;
    file.location = value.location;
    ObjectReader object(value, problems);
    if (const JsonValue* partition = object.required("partition")) {
        static constexpr std::array<std::string_view, 2> partitions{"boot", "root"};
        file.partition = static_cast<ExtraFile::Partition>(read_choice(*partition, partitions, problems).value_or(1));
    }
    const bool on_fat = file.partition == ExtraFile::Partition::boot;
    if (const JsonValue* source = object.required("source"))
        file.source = read_text(*source, problems, text_rules::path).value_or("");
    file.resolved = resolve(folder, file.source);
    if (const JsonValue* target = object.required("target")) {
        file.target = read_text(*target, problems, text_rules::target).value_or("");
        if (on_fat && !file.target.empty()) read_text(*target, problems, text_rules::fat_target);
    }
    const JsonValue* mode = object.optional("mode");
    const JsonValue* uid = object.optional("uid");
    const JsonValue* gid = object.optional("gid");
    object.finish();

    for (const JsonValue* ownership : {mode, uid, gid})
        if (ownership && on_fat)
            problems.add(*ownership, "a file of the boot partition has no mode and no owner", {},
                         "remove it: FAT does not keep it");
    if (mode) {
        // Checked to be octal digits.
        if (const auto digits = read_text(*mode, problems, text_rules::mode))
            file.mode = static_cast<std::uint16_t>(std::stoul(*digits, nullptr, 8));
    }
    // 2^32-1 is "no user" (uid_t -1).
    static constexpr std::uint64_t largest_id = std::numeric_limits<std::uint32_t>::max() - 1;
    if (uid) file.uid = static_cast<std::uint32_t>(read_integer(*uid, 0, largest_id, problems).value_or(0));
    if (gid) file.gid = static_cast<std::uint32_t>(read_integer(*gid, 0, largest_id, problems).value_or(0));
    return file;
}

}  // namespace

void read_image(const JsonValue& value, Problems& problems, Manifest& manifest) {
    ObjectReader object(value, problems);
    if (const JsonValue* size = object.optional("size"); size && !is_word(*size, "auto")) {
        manifest.image_size.kind = SizeWish::Kind::exact;  // also where it is wrong, so that "fill" is judged right
        manifest.image_size.bytes = read_size(*size, image_limits, problems).value_or(0);
    }
    if (const JsonValue* alignment = object.optional("alignment")) read_alignment(*alignment, problems, manifest);
    if (const JsonValue* boot = object.optional("boot_partition")) read_boot_partition(*boot, problems, manifest);
    if (const JsonValue* root = object.optional("root_partition")) read_root_partition(*root, problems, manifest);
    object.finish();
}

void read_files(const JsonValue& value, Problems& problems, Manifest& manifest) {
    std::set<std::pair<ExtraFile::Partition, std::string>> targets;
    for (const JsonValue& element : read_array(value, problems)) {
        ExtraFile file = read_file(element, problems, manifest.folder);
        std::string key = file.target;
        if (file.partition == ExtraFile::Partition::boot)
            std::transform(key.begin(), key.end(), key.begin(), [](char letter) {
                return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
            });
        if (!key.empty() && !targets.emplace(file.partition, std::move(key)).second)
            problems.add({"two files have this target", in_quotes(file.target), "targets that differ",
                          "remove one or change its target", manifest.locate(element.location.pointer + "/target")});
        manifest.files.push_back(std::move(file));
    }
}

}  // namespace rpixen
