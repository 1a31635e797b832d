#include "devicetree/device_tree.hpp"

#include <libfdt.h>

#include <algorithm>
#include <limits>

#include "base/digest.hpp"

namespace rpixen {
namespace {

constexpr std::size_t growth = 1024;

std::string_view name_at(const void* fdt, int node) {
    int length = 0;
    const char* name = fdt_get_name(fdt, node, &length);
    return name && length > 0 ? std::string_view(name, static_cast<std::size_t>(length)) : std::string_view{};
}

ByteView bytes_at(const void* value, int length) {
    return {static_cast<const std::byte*>(value), length > 0 ? static_cast<std::size_t>(length) : 0};
}

std::vector<std::string> split_strings(ByteView value) {
    std::vector<std::string> result;
    if (value.empty() || value.back() != std::byte{0}) return result;
    for (std::string_view rest = as_text(value); !rest.empty();) {
        const std::size_t end = rest.find('\0');
        result.emplace_back(rest.substr(0, end));
        rest.remove_prefix(end + 1);
    }
    return result;
}

/// Whether every offset in an overlay's __local_fixups__ lies inside the property it is for. libfdt 1.6
/// and 1.7 read there unchecked (fdt_overlay.c, overlay_update_local_node_references).
bool local_fixups_fit(const void* fdt, int node, int fixups) {
    int property = 0;
    fdt_for_each_property_offset(property, fdt, fixups) {
        const char* name = nullptr;
        int length = 0;
        const void* offsets = fdt_getprop_by_offset(fdt, property, &name, &length);
        if (!offsets || !name) return false;
        int size = 0;
        if (!fdt_getprop(fdt, node, name, &size)) continue;  // libfdt refuses that itself
        const ByteView places = bytes_at(offsets, length);
        for (std::size_t at = 0; at + 4 <= places.size(); at += 4)
            if (std::uint64_t{load_be<std::uint32_t>(places.data() + at)} + 4 > static_cast<std::uint64_t>(size))
                return false;
    }
    int child = 0;
    fdt_for_each_subnode(child, fdt, fixups) {
        const std::string name(name_at(fdt, child));
        const int counterpart = fdt_subnode_offset(fdt, node, name.c_str());
        if (counterpart >= 0 && !local_fixups_fit(fdt, counterpart, child)) return false;
    }
    return true;
}

[[noreturn]] void fail_internal(int code, std::string_view path) {
    throw Error(ErrorCode::internal, "a device tree could not be changed at " + std::string(path),
                fdt_error_text(code));
}

}  // namespace

std::string fdt_error_text(int code) {
    switch (-code) {
        case FDT_ERR_NOTFOUND:
            return "FDT_ERR_NOTFOUND (a node, property or label does not exist)";
        case FDT_ERR_EXISTS:
            return "FDT_ERR_EXISTS (a node exists already)";
        case FDT_ERR_NOSPACE:
            return "FDT_ERR_NOSPACE (no room to grow)";
        case FDT_ERR_BADOFFSET:
            return "FDT_ERR_BADOFFSET (an offset points outside the tree)";
        case FDT_ERR_BADPATH:
            return "FDT_ERR_BADPATH (a path is malformed)";
        case FDT_ERR_BADPHANDLE:
            return "FDT_ERR_BADPHANDLE (an invalid phandle)";
        case FDT_ERR_TRUNCATED:
            return "FDT_ERR_TRUNCATED (the tree ends early)";
        case FDT_ERR_BADMAGIC:
            return "FDT_ERR_BADMAGIC (no device tree)";
        case FDT_ERR_BADVERSION:
            return "FDT_ERR_BADVERSION (an unknown version of the format)";
        case FDT_ERR_BADSTRUCTURE:
            return "FDT_ERR_BADSTRUCTURE (the structure block is damaged)";
        case FDT_ERR_BADLAYOUT:
            return "FDT_ERR_BADLAYOUT (the blocks stand in an unusual order)";
        case FDT_ERR_BADNCELLS:
            return "FDT_ERR_BADNCELLS (#address-cells or #size-cells is invalid)";
        case FDT_ERR_BADVALUE:
            return "FDT_ERR_BADVALUE (a property has an unexpected value)";
        case FDT_ERR_BADOVERLAY:
            return "FDT_ERR_BADOVERLAY (a malformed overlay)";
        case FDT_ERR_NOPHANDLES:
            return "FDT_ERR_NOPHANDLES (no phandle is left)";
        default:
            return std::string("libfdt error ") + fdt_strerror(code);
    }
}

DeviceTree::DeviceTree(Bytes bytes, std::string_view name)
    : bytes_(std::move(bytes)), nodes_(tree_structure(bytes_, name)) {}

DeviceTree DeviceTree::parse(ByteView bytes, std::string_view name) {
    const auto refuse = [&](std::string message, std::string found) -> Error {
        return Error(ErrorCode::artifact, {.message = std::move(message),
                                           .found = std::move(found),
                                           .change = "give a device tree blob as made by dtc",
                                           .location = {std::string(name), "", 0, 0}});
    };
    static_cast<void>(tree_structure(bytes, name));
    const Bytes copy(bytes.begin(), bytes.begin() + load_be<std::uint32_t>(&bytes[4]));  // aligned
    // Blocks in the usual order, version 17: the form that libfdt can change. An older version can grow by
    // its header.
    Bytes canonical(copy.size());
    int code = fdt_open_into(copy.data(), canonical.data(), static_cast<int>(canonical.size()));
    if (code == -FDT_ERR_NOSPACE) {
        canonical.resize(copy.size() + growth);
        code = fdt_open_into(copy.data(), canonical.data(), static_cast<int>(canonical.size()));
    }
    if (code >= 0) code = fdt_check_full(canonical.data(), canonical.size());
    if (code < 0) throw refuse("the device tree is damaged", fdt_error_text(code));
    const int fixups = fdt_path_offset(canonical.data(), "/__local_fixups__");
    if (fixups >= 0 && !local_fixups_fit(canonical.data(), 0, fixups))
        throw refuse("the overlay is damaged", "a place in __local_fixups__ outside its property");
    return DeviceTree(std::move(canonical), name);
}

std::uint64_t DeviceTree::used_size() const {
    return std::uint64_t{fdt_off_dt_strings(bytes_.data())} + fdt_size_dt_strings(bytes_.data());
}

std::string_view DeviceTree::name_of(const TreeNode& node) const {
    return as_text(ByteView(bytes_).subspan(node.name, node.name_size));
}

std::optional<std::size_t> DeviceTree::child(std::size_t parent, std::string_view name) const {
    std::optional<std::size_t> near;
    for (std::size_t node = parent + 1; node < nodes_[parent].end; node = nodes_[node].end) {
        const std::string_view candidate = name_of(nodes_[node]);
        if (candidate == name) return node;
        if (!near && candidate.size() > name.size() && candidate[name.size()] == '@' && candidate.starts_with(name))
            near = node;
    }
    return near;
}

std::optional<std::size_t> DeviceTree::find(std::string_view path) const {
    if (!path.starts_with('/')) return std::nullopt;
    std::optional<std::size_t> node = 0;
    while (node && !path.empty()) {
        path.remove_prefix(1);
        const std::string_view component = path.substr(0, path.find('/'));
        path.remove_prefix(component.size());
        if (!component.empty()) node = child(*node, component);
    }
    return node;
}

int DeviceTree::require(std::string_view path) const {
    const auto node = find(path);
    if (!node) fail_internal(-FDT_ERR_NOTFOUND, path);
    return offset(*node);
}

bool DeviceTree::has(std::string_view path) const {
    return find(path).has_value();
}

std::vector<std::string> DeviceTree::children(std::string_view path) const {
    std::vector<std::string> names;
    const auto parent = find(path);
    if (!parent) return names;
    for (std::size_t node = *parent + 1; node < nodes_[*parent].end; node = nodes_[node].end)
        names.emplace_back(name_of(nodes_[node]));
    return names;
}

std::vector<std::string> DeviceTree::paths() const {
    std::vector<std::string> result;
    std::vector<std::size_t> ends(1);  // of the present path's components, from the root to the node
    std::string path;
    for (const TreeNode& node : std::span(nodes_).subspan(1)) {
        ends.resize(node.depth + std::size_t{1});
        path.resize(ends[node.depth - std::size_t{1}]);
        path.append("/").append(name_of(node));
        ends[node.depth] = path.size();
        result.push_back(path);
    }
    return result;
}

std::vector<std::string> DeviceTree::properties(std::string_view path) const {
    std::vector<std::string> names;
    const auto node = find(path);
    if (!node) return names;
    int property = 0;
    fdt_for_each_property_offset(property, bytes_.data(), offset(*node)) {
        const char* name = nullptr;
        if (fdt_getprop_by_offset(bytes_.data(), property, &name, nullptr) && name) names.emplace_back(name);
    }
    return names;
}

std::optional<ByteView> DeviceTree::property(std::string_view path, std::string_view name) const {
    const auto node = find(path);
    if (!node) return std::nullopt;
    int length = 0;
    const void* value = fdt_getprop_namelen(bytes_.data(), offset(*node), name.data(), static_cast<int>(name.size()),
                                            &length);
    if (!value) return std::nullopt;
    return bytes_at(value, length);
}

std::vector<std::string> DeviceTree::strings(std::string_view path, std::string_view name) const {
    const auto value = property(path, name);
    return value ? split_strings(*value) : std::vector<std::string>{};
}

std::optional<std::string> DeviceTree::string(std::string_view path, std::string_view name) const {
    auto all = strings(path, name);
    if (all.empty()) return std::nullopt;
    return std::move(all.front());
}

std::vector<std::uint32_t> DeviceTree::cells(std::string_view path, std::string_view name) const {
    std::vector<std::uint32_t> result;
    const auto value = property(path, name);
    if (!value) return result;
    for (std::size_t offset = 0; offset + 4 <= value->size(); offset += 4)
        result.push_back(load_be<std::uint32_t>(value->data() + offset));
    return result;
}

std::optional<std::uint32_t> DeviceTree::cell(std::string_view path, std::string_view name) const {
    const auto value = property(path, name);
    if (!value || value->size() != 4) return std::nullopt;
    return load_be<std::uint32_t>(value->data());
}

std::string DeviceTree::path_of(std::size_t wanted) const {
    std::string path;
    for (std::size_t node = 0; node != wanted;) {
        ++node;  // the first child
        while (nodes_[node].end <= wanted) node = nodes_[node].end;
        path.append("/").append(name_of(nodes_[node]));
    }
    return path.empty() ? "/" : path;
}

std::vector<std::string> DeviceTree::compatible_nodes(std::string_view compatible) const {
    std::vector<std::string> result;
    for (std::size_t node = 0; node < nodes_.size(); ++node) {
        int length = 0;
        const void* value = fdt_getprop(bytes_.data(), offset(node), "compatible", &length);
        if (!value) continue;
        const auto all = split_strings(bytes_at(value, length));
        if (std::find(all.begin(), all.end(), compatible) != all.end()) result.push_back(path_of(node));
    }
    return result;
}

std::optional<std::string> DeviceTree::path_of_phandle(std::uint32_t phandle) const {
    const int found = fdt_node_offset_by_phandle(bytes_.data(), phandle);
    if (found < 0) return std::nullopt;
    const auto node = std::lower_bound(nodes_.begin(), nodes_.end(), static_cast<std::uint32_t>(found),
                                       [](const TreeNode& one, std::uint32_t place) { return one.offset < place; });
    return path_of(static_cast<std::size_t>(node - nodes_.begin()));
}

std::vector<Range> DeviceTree::memory_reservations() const {
    std::vector<Range> result;
    const int count = fdt_num_mem_rsv(bytes_.data());
    for (int index = 0; index < count; ++index) {
        std::uint64_t address = 0;
        std::uint64_t size = 0;
        if (fdt_get_mem_rsv(bytes_.data(), index, &address, &size) < 0) break;
        if (size == 0 || address > std::numeric_limits<std::uint64_t>::max() - size) continue;
        result.push_back({address, address + size});
    }
    return result;
}

bool DeviceTree::is_overlay() const {
    int fragment = 0;
    fdt_for_each_subnode(fragment, bytes_.data(), 0) {
        if (fdt_subnode_offset(bytes_.data(), fragment, "__overlay__") >= 0) return true;
    }
    return false;
}

template <typename Edit>
void DeviceTree::edit(Edit change) {
    int code = change(bytes_.data());
    for (std::size_t extra = growth; code == -FDT_ERR_NOSPACE; extra *= 2) {
        resize(bytes_.size() + extra);
        code = change(bytes_.data());
    }
    if (code < 0) fail_internal(code, "a node");
    nodes_ = tree_structure(bytes_, "a changed device tree");
}

void DeviceTree::set_property(std::string_view path, std::string_view name, ByteView value) {
    const std::string key(name);
    edit([&](void* fdt) {
        return fdt_setprop(fdt, require(path), key.c_str(), value.data(), narrow<int>(value.size()));
    });
}

void DeviceTree::set_string(std::string_view path, std::string_view name, std::string_view value) {
    set_strings(path, name, std::span(&value, 1));
}

void DeviceTree::set_strings(std::string_view path, std::string_view name, std::span<const std::string_view> values) {
    std::string list;
    for (const std::string_view value : values) {
        list += value;
        list += '\0';
    }
    set_property(path, name, as_bytes(list));
}

void DeviceTree::set_cells(std::string_view path, std::string_view name, std::span<const std::uint32_t> values) {
    Bytes raw(values.size() * 4);
    for (std::size_t index = 0; index < values.size(); ++index) store_be(raw.data() + 4 * index, values[index]);
    set_property(path, name, raw);
}

void DeviceTree::remove_property(std::string_view path, std::string_view name) {
    const std::string key(name);
    edit([&](void* fdt) {
        const int code = fdt_delprop(fdt, require(path), key.c_str());
        return code == -FDT_ERR_NOTFOUND ? 0 : code;
    });
}

void DeviceTree::add_node(std::string_view parent, std::string_view name) {
    edit([&](void* fdt) {
        const int code = fdt_add_subnode_namelen(fdt, require(parent), name.data(), narrow<int>(name.size()));
        return code == -FDT_ERR_EXISTS ? 0 : code;
    });
}

void DeviceTree::remove_node(std::string_view path) {
    edit([&](void* fdt) { return fdt_del_node(fdt, require(path)); });
}

void DeviceTree::copy_node(const DeviceTree& from, std::string_view path) {
    const std::string_view parent = path.substr(0, path.rfind('/'));
    add_node(parent.empty() ? "/" : parent, path.substr(path.rfind('/') + 1));
    // The newest property and the newest node come first.
    const auto names = from.properties(path);
    for (auto name = names.rbegin(); name != names.rend(); ++name)
        set_property(path, *name, from.property(path, *name).value());
    const auto below = from.children(path);
    for (auto name = below.rbegin(); name != below.rend(); ++name) copy_node(from, std::string(path) + "/" + *name);
}

void DeviceTree::move_to_front(std::string_view path) {
    const DeviceTree before = *this;
    remove_node(path);
    copy_node(before, path);
}

void DeviceTree::pack() {
    if (const int code = fdt_pack(bytes_.data()); code < 0) fail_internal(code, "/");
    bytes_.resize(fdt_totalsize(bytes_.data()));
    nodes_ = tree_structure(bytes_, "a changed device tree");
}

void DeviceTree::resize(std::uint64_t total) {
    Bytes bigger(total);
    if (const int code = fdt_open_into(bytes_.data(), bigger.data(), narrow<int>(total)); code < 0)
        fail_internal(code, "/");
    bytes_ = std::move(bigger);
    nodes_ = tree_structure(bytes_, "a changed device tree");
}

}  // namespace rpixen
