#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "base/size.hpp"
#include "devicetree/structure.hpp"

namespace rpixen {

/// A flattened device tree (Devicetree Specification 0.4, chapter 5) that was checked as a whole, in version
/// 17 form. Nodes are named by absolute paths ("/soc/serial@7e215040"). A path with a component without unit
/// address also finds the first "name@unit" where no node is called just so. Copying copies the tree.
class DeviceTree {
  public:
    /// Checks everything (tree_structure()) before libfdt sees the tree; at most 16 MiB. Bytes behind the tree's
    /// own total size are ignored. `name` is for messages. Throws Error{artifact}.
    static DeviceTree parse(ByteView bytes, std::string_view name);

    /// The tree as it would be stored: its total size is the size of this.
    const Bytes& bytes() const { return bytes_; }
    /// Bytes up to the end of the strings, the last block; what is behind is room to grow.
    std::uint64_t used_size() const;

    // --- Reading
    // -----------------------------------------------------------------------------------------------

    bool has(std::string_view path) const;
    /// Names of the child nodes, in the order of the tree; empty where the node does not exist.
    std::vector<std::string> children(std::string_view path) const;
    /// Paths of all nodes but the root, parents before their children, in the order of the tree.
    std::vector<std::string> paths() const;
    /// Names of the properties, in the order of the tree.
    std::vector<std::string> properties(std::string_view path) const;
    /// The raw value; nothing where node or property does not exist. Valid until the tree changes.
    std::optional<ByteView> property(std::string_view path, std::string_view name) const;
    /// The first string of a string list; nothing where it is missing or not terminated.
    std::optional<std::string> string(std::string_view path, std::string_view name) const;
    /// A string list; empty where it is missing or not terminated.
    std::vector<std::string> strings(std::string_view path, std::string_view name) const;
    /// Big-endian 32-bit cells; a length that is no multiple of 4 loses its tail.
    std::vector<std::uint32_t> cells(std::string_view path, std::string_view name) const;
    /// The value of a one-cell property.
    std::optional<std::uint32_t> cell(std::string_view path, std::string_view name) const;
    /// Paths of all nodes with this string in their compatible list.
    std::vector<std::string> compatible_nodes(std::string_view compatible) const;
    std::optional<std::string> path_of_phandle(std::uint32_t phandle) const;
    /// The /memreserve/ entries.
    std::vector<Range> memory_reservations() const;

    /// An overlay: the root has children with an __overlay__ node.
    bool is_overlay() const;
    /// Labels were kept (dtc -@).
    bool has_symbols() const { return has("/__symbols__"); }
    /// The root's compatible list.
    std::vector<std::string> compatible() const { return strings("/", "compatible"); }

    // --- Changing
    // -----------------------------------------------------------------------------------------------

    // The tree grows by itself. The node must exist, otherwise Error{internal}; a change that leaves no sound tree
    // (a name with a blank) is Error{artifact}.

    void set_property(std::string_view path, std::string_view name, ByteView value);
    void set_string(std::string_view path, std::string_view name, std::string_view value);
    void set_strings(std::string_view path, std::string_view name, std::span<const std::string_view> values);
    void set_cells(std::string_view path, std::string_view name, std::span<const std::uint32_t> values);
    void remove_property(std::string_view path, std::string_view name);
    /// Makes the node if it is not there.
    void add_node(std::string_view parent, std::string_view name);
    void remove_node(std::string_view path);
    /// Makes the node, with all below it, the first of its parent's.
    void move_to_front(std::string_view path);
    /// Ends the tree with its last block: no room.
    void pack();
    /// Gives the tree exactly this total size; `total` must hold it.
    void resize(std::uint64_t total);

  private:
    DeviceTree(Bytes bytes, std::string_view name);
    std::optional<std::size_t> find(std::string_view path) const;
    std::optional<std::size_t> child(std::size_t parent, std::string_view name) const;
    std::string_view name_of(const TreeNode& node) const;
    std::string path_of(std::size_t wanted) const;
    int offset(std::size_t node) const { return static_cast<int>(nodes_[node].offset); }
    int require(std::string_view path) const;
    void copy_node(const DeviceTree& from, std::string_view path);
    template <typename Edit>
    void edit(Edit change);

    Bytes bytes_;
    std::vector<TreeNode> nodes_;  ///< of bytes_, made anew with each change
};

/// "FDT_ERR_NOSPACE" and what it means, in words. `code` is libfdt's, negative.
std::string fdt_error_text(int code);

}  // namespace rpixen
