#include "follow/uboot/memory.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <cstdlib>

#include <rpixen/error.hpp>

#include "base/bytes.hpp"
#include "devicetree/overlay.hpp"
#include "devicetree/slack.hpp"

namespace rpixen {
namespace {

constexpr std::uint64_t largest_tree = 16 * MiB;

/// A property's value as it is typed (cmd/fdt.c fdt_parse_prop); nothing where U-Boot would refuse it.
std::optional<Bytes> parse_value(const std::vector<std::string>& words) {
    if (words.empty()) return Bytes{};
    std::string all;
    for (const std::string& word : words) all += (all.empty() ? "" : " ") + word;
    Bytes value;
    if (all.front() == '<') {
        const char* place = all.c_str() + 1;
        while (true) {
            while (*place == ' ') ++place;
            if (*place == '>') return value;
            char* end = nullptr;
            const auto number = static_cast<std::uint32_t>(std::strtoull(place, &end, 0));
            if (end == place) return std::nullopt;
            place = end;
            std::array<std::byte, 4> cell{};
            store_be(cell.data(), number);
            value.insert(value.end(), cell.begin(), cell.end());
        }
    }
    if (all.front() == '[') {
        const char* place = all.c_str() + 1;
        while (true) {
            while (*place == ' ') ++place;
            if (*place == ']') return value;
            char* end = nullptr;
            const auto number = static_cast<std::uint8_t>(std::strtoull(place, &end, 16));
            if (end == place) return std::nullopt;
            place = end;
            value.push_back(static_cast<std::byte>(number));
        }
    }
    for (const std::string& word : words) {
        const ByteView bytes = as_bytes(word);
        value.insert(value.end(), bytes.begin(), bytes.end());
        value.push_back(std::byte{0});
    }
    return value;
}

/// libfdt's word inside a message, "FDT_ERR_NOTFOUND".
std::string fdt_word(const std::string& text) {
    const std::size_t begin = text.find("FDT_ERR_");
    if (begin == std::string::npos) return text;
    return text.substr(begin, text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ_", begin) - begin);
}

/// The first path or label of an overlay that the tree does not have; empty where something else is wrong.
std::string missing_target(const DeviceTree& base, const DeviceTree& overlay) {
    for (const OverlayFragment& fragment : fragments(overlay))
        if (fragment.target_path.starts_with('/') && !base.has(fragment.target_path)) return fragment.target_path;
    for (const std::string& label : overlay.properties("/__fixups__"))
        if (!base.property("/__symbols__", label)) return label;
    for (const OverlayFragment& fragment : fragments(overlay))
        if (!fragment.target_path.empty() && !fragment.target_path.starts_with('/')) return fragment.target_path;
    return {};
}

/// The proposals inside the words of unresolved(): "...; most like it there: scb-bus@fc000000".
std::string most_alike(const std::string& words) {
    const std::size_t place = words.find("most like it");
    const std::size_t colon = place == std::string::npos ? place : words.find(": ", place);
    return colon == std::string::npos ? std::string() : words.substr(colon + 2);
}

}  // namespace

Range MemoryObject::range() const {
    const std::uint64_t length = std::max(size, room_end);
    return {address, address + std::min(length, std::numeric_limits<std::uint64_t>::max() - address)};
}

std::uint64_t parse_hex(std::string_view text) {
    if (text.starts_with("0x") || text.starts_with("0X")) text.remove_prefix(2);
    std::uint64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value, 16);
    return value;
}

MemoryObject* UBootMemory::find(std::uint64_t address) {
    for (auto object = objects.rbegin(); object != objects.rend(); ++object)
        if (object->address == address) return &*object;
    return nullptr;
}

MemoryObject& UBootMemory::place(MemoryObject object) {
    objects.push_back(std::move(object));
    return objects.back();
}

MemoryObject* UBootMemory::working() {
    if (!working_) return nullptr;
    MemoryObject& object = objects[*working_];
    return object.tree && !object.destroyed ? &object : nullptr;
}

bool UBootMemory::take_as_tree(MemoryObject& object) {
    if (object.destroyed) return false;
    if (object.tree) return true;
    if (object.content.size == 0 || object.content.size > largest_tree || !object.content.source) return false;
    try {
        object.tree = DeviceTree::parse(read_all(object.content), object.file);
        object.room_end = object.tree->bytes().size();
        return true;
    } catch (const Error& error) {
        if (error.code() == ErrorCode::io) throw;
        return false;
    }
}

bool UBootMemory::holds_tree(std::uint64_t address) {
    MemoryObject* object = find(address);
    return object && take_as_tree(*object);
}

bool UBootMemory::set_working(std::uint64_t address, std::optional<std::uint64_t> length, unsigned step) {
    MemoryObject* object = find(address);
    if (!object) return false;
    if (!take_as_tree(*object)) {
        if (!object->destroyed) refused_ = static_cast<std::size_t>(object - objects.data());
        return false;
    }
    object->last_use = step;
    const auto place = static_cast<std::size_t>(object - objects.data());
    if (!working_ || *working_ != place) {
        resized_ = false;
        moved_from_.reset();
    }
    working_ = place;
    if (length && *length >= object->room_end && *length <= largest_tree) {
        object->room_end = *length;
        resized_ = true;
        resize_argument_.reset();
    }
    return true;
}

bool UBootMemory::move(std::uint64_t from, std::uint64_t to, std::optional<std::uint64_t> length, unsigned step) {
    MemoryObject* object = find(from);
    if (!object || !take_as_tree(*object)) return false;
    const std::uint64_t total = length.value_or(object->room_end);
    if (total < object->room_end || total > largest_tree) return false;
    object->last_use = step;
    MemoryObject copy = *object;
    moved_from_ = static_cast<std::size_t>(object - objects.data());
    copy.address = to;
    copy.from = copy.last_use = step;
    copy.room_end = total;
    copy.firmware = false;
    objects.push_back(std::move(copy));
    working_ = objects.size() - 1;
    resized_ = length.has_value();
    resize_argument_.reset();
    return true;
}

bool UBootMemory::resize(const std::string& argument) {
    MemoryObject* object = working();
    if (!object) return false;
    const std::uint64_t extra = parse_hex(argument);
    if (extra > largest_tree) return false;
    object->room_end = resized_total(*object->tree, object->address, extra);
    resized_ = true;
    resize_argument_ = argument;
    return true;
}

bool UBootMemory::apply(std::uint64_t address, unsigned step) {
    MemoryObject* base = working();
    MemoryObject* scratch = find(address);
    OverlayFacts facts;
    facts.at_boot = true;
    facts.address = address;
    facts.resized = resized_;
    facts.resize_argument = resize_argument_;
    facts.base_kept = moved_from_.has_value();
    if (!scratch) return false;
    scratch->last_use = step;
    facts.file = scratch->file;
    facts.size = scratch->size;
    if (!base || !take_as_tree(*scratch)) {
        facts.valid = base == nullptr || scratch->tree.has_value();
        if (!base) facts.failure = "there is no sound device tree to apply it to";
        overlays.push_back(std::move(facts));
        return false;
    }
    scratch = find(address);
    facts.is_overlay = scratch->tree->is_overlay();
    const std::uint64_t used = base->tree->used_size();
    facts.room = base->room_end > used ? base->room_end - used : 0;
    bool applied = false;
    if (facts.is_overlay) {
        try {
            if (const auto problems = unresolved(*base->tree, *scratch->tree, scratch->file); !problems.empty()) {
                facts.missing_target = missing_target(*base->tree, *scratch->tree);
                facts.similar_target = most_alike(problems.front().found);
                facts.failure = facts.missing_target.empty() ? problems.front().message
                                                             : std::string("FDT_ERR_NOTFOUND");
            } else {
                const DeviceTree overlay_list[] = {*scratch->tree};
                facts.needed = room_needed(*base->tree, overlay_list);
                if (*facts.room >= *facts.needed) {
                    base->tree = merge(*base->tree, *scratch->tree, scratch->file);
                    base->edited = true;
                    applied = true;
                }
            }
        } catch (const Error& error) {
            if (error.code() == ErrorCode::io || error.code() == ErrorCode::internal) throw;
            facts.failure = fdt_word(error.problems().front().text());
        }
    }
    scratch->destroyed = true;
    if (!applied) base->destroyed = true;
    overlays.push_back(std::move(facts));
    return applied;
}

void UBootMemory::destroy_working() {
    if (MemoryObject* object = working()) object->destroyed = true;
}

std::string UBootMemory::resolve(const DeviceTree& tree, const std::string& path) const {
    if (path.starts_with('/')) return path;
    const std::size_t slash = path.find('/');
    const auto alias = tree.string("/aliases", path.substr(0, slash));
    if (!alias) return {};
    return slash == std::string::npos ? *alias : *alias + path.substr(slash);
}

/// False where the tree has no room for the change, or would not be sound any more.
template <typename Change>
bool UBootMemory::change_tree(MemoryObject& object, const Change& change) {
    DeviceTree changed = *object.tree;
    try {
        change(changed);
    } catch (const Error& error) {
        if (error.code() != ErrorCode::artifact) throw;
        return false;
    }
    if (changed.used_size() > object.room_end) return false;
    object.tree = std::move(changed);
    object.edited = true;
    return true;
}

bool UBootMemory::make_node(const std::string& parent, const std::string& name) {
    MemoryObject* object = working();
    if (!object) return false;
    const std::string path = resolve(*object->tree, parent);
    if (path.empty() || !object->tree->has(path)) {
        missing_nodes.push_back(parent);
        return false;
    }
    const std::string whole = path == "/" ? "/" + name : path + "/" + name;
    if (object->tree->has(whole) || name.empty() || name.find('/') != std::string::npos) return false;
    return change_tree(*object, [&](DeviceTree& tree) { tree.add_node(path, name); });
}

bool UBootMemory::set(const std::string& path, const std::string& name, const std::vector<std::string>& values) {
    MemoryObject* object = working();
    if (!object || name.empty()) return false;
    const std::string whole = resolve(*object->tree, path);
    if (whole.empty() || !object->tree->has(whole)) {
        missing_nodes.push_back(path);
        return false;
    }
    const auto value = parse_value(values);
    if (!value) return false;
    return change_tree(*object, [&](DeviceTree& tree) { tree.set_property(whole, name, *value); });
}

bool UBootMemory::remove(const std::string& path, const std::string& name) {
    MemoryObject* object = working();
    if (!object) return false;
    const std::string whole = resolve(*object->tree, path);
    if (whole.empty() || !object->tree->has(whole)) {
        missing_nodes.push_back(path);
        return false;
    }
    if (name.empty() ? whole == "/" : !object->tree->property(whole, name)) return false;
    return change_tree(*object, [&](DeviceTree& tree) {
        if (name.empty())
            tree.remove_node(whole);
        else
            tree.remove_property(whole, name);
    });
}

std::string UBootMemory::find_node(const std::string& path) {
    MemoryObject* object = working();
    if (!object) return {};
    std::string whole = resolve(*object->tree, path);
    if (whole.empty() || !object->tree->has(whole)) {
        missing_nodes.push_back(path);
        return {};
    }
    return whole;
}

std::optional<std::string> UBootMemory::get(const std::string& path, const std::string& name,
                                            std::optional<std::size_t> index, bool indexed, bool& printable) {
    const std::string whole = find_node(path);
    if (whole.empty()) return std::nullopt;
    const DeviceTree& tree = *working()->tree;
    const auto value = tree.property(whole, name);
    if (!value) return std::nullopt;
    if (value->empty()) return std::string();
    const auto strings = tree.strings(whole, name);
    const bool text = !strings.empty() && std::all_of(strings.begin(), strings.end(), [](const std::string& string) {
        return !string.empty() &&
               std::all_of(string.begin(), string.end(), [](char letter) { return letter >= ' ' && letter <= '~'; });
    });
    if (text) {
        if (index.value_or(0) >= strings.size()) return std::nullopt;
        return strings[index.value_or(0)];
    }
    const auto cells = tree.cells(whole, name);
    std::array<char, 16> digits{};
    if (value->size() == 4 || (indexed && index && value->size() % 4 == 0)) {
        if (value->size() > 4 && index.value_or(0) >= cells.size()) return std::nullopt;
        std::snprintf(digits.data(), digits.size(), "0x%08X", cells[value->size() > 4 ? index.value_or(0) : 0]);
        return std::string(digits.data());
    }
    printable = value->size() % 4 == 0 && value->size() <= 20;
    if (!printable) return std::nullopt;
    std::string all;
    for (const std::uint32_t cell : cells) {  // as the little-endian words they are to the board
        std::snprintf(digits.data(), digits.size(), "%08x", __builtin_bswap32(cell));
        all += digits.data();
    }
    return all;
}

std::optional<std::string> UBootMemory::child_name(const std::string& path, std::size_t number) {
    const std::string whole = find_node(path);
    if (whole.empty()) return std::nullopt;
    const auto names = working()->tree->children(whole);
    return number < names.size() ? std::optional(names[number]) : std::nullopt;
}

std::optional<std::size_t> UBootMemory::size_of(const std::string& path, const std::string& name) {
    const std::string whole = find_node(path);
    if (whole.empty()) return std::nullopt;
    const DeviceTree& tree = *working()->tree;
    if (name.empty()) return tree.children(whole).size();
    const auto value = tree.property(whole, name);
    return value ? std::optional(value->size()) : std::nullopt;
}

}  // namespace rpixen
