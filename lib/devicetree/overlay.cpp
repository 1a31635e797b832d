#include "devicetree/overlay.hpp"

#include <libfdt.h>

#include <algorithm>

namespace rpixen {
namespace {

constexpr std::uint32_t unresolved_phandle = 0xffffffff;

/// Levenshtein distance of short names.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t column = 0; column <= b.size(); ++column) row[column] = column;
    for (std::size_t line = 1; line <= a.size(); ++line) {
        std::size_t diagonal = row[0];
        row[0] = line;
        for (std::size_t column = 1; column <= b.size(); ++column) {
            const std::size_t above = row[column];
            row[column] = std::min({above + 1, row[column - 1] + 1, diagonal + (a[line - 1] != b[column - 1])});
            diagonal = above;
        }
    }
    return row[b.size()];
}

/// The candidates most like `wanted`, best first: one that begins with it, one with the same unit address,
/// then by distance.
std::vector<std::string> nearest(std::string_view wanted, std::vector<std::string> candidates) {
    wanted = wanted.substr(0, 64);
    const auto rank = [&](const std::string& candidate) -> std::size_t {
        const std::string_view base = wanted.substr(0, wanted.find('@'));
        if (candidate.starts_with(base)) return candidate.size();
        const std::size_t at = wanted.find('@');
        if (at != std::string_view::npos && candidate.ends_with(wanted.substr(at))) return 100 + candidate.size();
        return 1000 + distance(wanted, std::string_view(candidate).substr(0, 64));
    };
    std::stable_sort(candidates.begin(), candidates.end(),
                     [&](const std::string& a, const std::string& b) { return rank(a) < rank(b); });
    if (candidates.size() > 3) candidates.resize(3);
    return candidates;
}

std::string join(const std::vector<std::string>& words, const std::string& before = {}) {
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : ", ") + before + word;
    return text;
}

/// The label whose __fixups__ entry names this fragment's target: "/fragment@0:target:0".
std::string label_of(const DeviceTree& overlay, const std::string& fragment) {
    const std::string place = fragment + ":target:0";
    for (const std::string& label : overlay.properties("/__fixups__")) {
        const auto places = overlay.strings("/__fixups__", label);
        if (std::find(places.begin(), places.end(), place) != places.end()) return label;
    }
    return {};
}

/// As libfdt resolves a target-path: absolute, or an alias and a path below it.
std::string absolute(const DeviceTree& base, const std::string& path) {
    if (path.starts_with('/')) return path;
    const std::size_t slash = path.find('/');
    const auto alias = base.string("/aliases", path.substr(0, slash));
    if (!alias) return {};
    return *alias + (slash == std::string::npos ? "" : path.substr(slash));
}

Problem missing_path(const DeviceTree& base, const std::string& path, std::string what) {
    std::string parent = "/";
    std::string component;
    for (std::size_t begin = 1; begin < path.size();) {
        const std::size_t end = std::min(path.find('/', begin), path.size());
        component = path.substr(begin, end - begin);
        const std::string next = (parent == "/" ? "" : parent) + "/" + component;
        if (!base.has(next)) break;
        parent = next;
        begin = end + 1;
    }
    const auto near = nearest(component, base.children(parent));
    return {.message = std::move(what) + " does not exist in the device tree",
            .found = near.empty()
                         ? parent + " has no nodes"
                         : "'" + component + "' is not below " + parent + "; most like it there: " + join(near),
            .allowed = "a path that the device tree has",
            .change = "use an overlay made for this device tree, or a device tree of the overlay's time",
            .location = {}};
}

Problem missing_label(const DeviceTree& base, const std::string& label, std::string what) {
    if (!base.has_symbols())
        return {.message = std::move(what) + " cannot be resolved: the device tree was built without labels",
                .found = "no /__symbols__ node",
                .allowed = "a device tree built with dtc -@",
                .change = "build the device tree with dtc -@ (DTC_FLAGS=-@), or write the overlay with target-path",
                .location = {}};
    return {.message = std::move(what) + " is not among the device tree's labels",
            .found = "most like it: " + join(nearest(label, base.properties("/__symbols__")), "&"),
            .allowed = "a label of the device tree's /__symbols__",
            .change = "use an overlay made for this device tree",
            .location = {}};
}

}  // namespace

std::vector<OverlayFragment> fragments(const DeviceTree& overlay) {
    std::vector<OverlayFragment> result;
    for (const std::string& name : overlay.children("/")) {
        const std::string path = "/" + name;
        if (!overlay.has(path + "/__overlay__")) continue;
        OverlayFragment fragment;
        fragment.path = path;
        fragment.target_path = overlay.string(path, "target-path").value_or("");
        if (const auto target = overlay.cell(path, "target")) {
            fragment.label = label_of(overlay, path);
            if (fragment.label.empty()) fragment.phandle = *target;
        }
        result.push_back(std::move(fragment));
    }
    return result;
}

std::vector<Problem> unresolved(const DeviceTree& base, const DeviceTree& overlay, std::string_view name) {
    std::vector<Problem> problems;
    const auto add = [&](Problem problem, const std::string& where) {
        problem.location = {std::string(name), where, 0, 0};
        problems.push_back(std::move(problem));
    };
    for (const OverlayFragment& fragment : fragments(overlay)) {
        if (!fragment.label.empty()) continue;  // below, with all labels
        const std::string what = "overlay '" + std::string(name) + "', " + fragment.path.substr(1) + ": target ";
        if (fragment.target_path.empty() && (fragment.phandle == 0 || fragment.phandle == unresolved_phandle)) {
            add({.message = "overlay '" + std::string(name) + "', " + fragment.path.substr(1) + " has no target",
                 .allowed = "target or target-path"},
                fragment.path);
        } else if (!fragment.target_path.empty()) {
            const std::string path = absolute(base, fragment.target_path);
            if (path.empty())
                add({.message = what + "'" + fragment.target_path + "' is neither absolute nor an alias",
                     .found = "aliases: " + join(nearest(fragment.target_path, base.properties("/aliases")))},
                    fragment.path);
            else if (!base.has(path))
                add(missing_path(base, path, what + fragment.target_path), fragment.path);
        } else if (!base.path_of_phandle(fragment.phandle)) {
            add({.message = what + "phandle " + std::to_string(fragment.phandle) +
                            " does not exist in the device tree"},
                fragment.path);
        }
    }
    for (const std::string& label : overlay.properties("/__fixups__"))
        if (!base.string("/__symbols__", label))
            add(missing_label(base, label, "overlay '" + std::string(name) + "': label &" + label),
                join(overlay.strings("/__fixups__", label)));
    return problems;
}

DeviceTree merge(const DeviceTree& base, const DeviceTree& overlay, std::string_view name) {
    if (!overlay.is_overlay())
        throw Error(ErrorCode::unfit, {.message = "'" + std::string(name) + "' is no overlay",
                                       .found = "a device tree without fragments",
                                       .allowed = "a .dtbo with __overlay__ nodes",
                                       .change = "give a device tree under artifacts.dtb and overlays under overlays",
                                       .location = {std::string(name), "", 0, 0}});
    if (base.is_overlay())
        throw Error(ErrorCode::unfit, "the device tree that overlays are to be applied to is itself an overlay", {},
                    "a complete device tree", "give the board's .dtb under artifacts.dtb");
    if (auto problems = unresolved(base, overlay, name); !problems.empty())
        throw Error(ErrorCode::unfit, std::move(problems));

    for (std::uint64_t room = overlay.bytes().size() + 1 * KiB;; room *= 2) {
        DeviceTree merged = base;
        merged.resize(base.bytes().size() + room);
        Bytes tree = merged.bytes();
        Bytes scratch = overlay.bytes();
        const int code = fdt_overlay_apply(tree.data(), scratch.data());
        if (code == -FDT_ERR_NOSPACE && room < 32 * MiB) continue;
        if (code < 0)
            throw Error(ErrorCode::artifact,
                        {.message = "overlay '" + std::string(name) + "' cannot be applied to the device tree",
                         .found = fdt_error_text(code),
                         .change = "check the overlay with fdtoverlay against this device tree",
                         .location = {std::string(name), "", 0, 0}});
        DeviceTree result = DeviceTree::parse(tree, name);
        result.pack();
        return result;
    }
}

}  // namespace rpixen
