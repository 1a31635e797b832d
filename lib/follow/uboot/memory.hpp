#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "base/size.hpp"
#include "devicetree/device_tree.hpp"
#include "rules/scenario.hpp"
#include "storage/content.hpp"

namespace rpixen {

/// Something that U-Boot put into memory.
struct MemoryObject {
    std::string file;  ///< path on its partition; "the firmware's device tree"
    std::uint64_t address = 0;
    std::uint64_t size = 0;  ///< bytes that were read
    unsigned from = 0;       ///< the step that put it there
    unsigned last_use = 0;   ///< the last step that read it
    unsigned partition = 0;  ///< that it was read from; 0: not from a file of the card
    Content content;
    bool firmware = false;           ///< the tree that the firmware left at ${fdt_addr}
    bool destroyed = false;          ///< its magic was overwritten by `fdt apply`
    std::optional<DeviceTree> tree;  ///< once an fdt command took it for one
    std::uint64_t room_end = 0;      ///< for a tree: its total size in bytes, room included
    bool edited = false;

    /// Bytes it occupies.
    Range range() const;
};

/// RAM as U-Boot sees it, and its `fdt` command (cmd/fdt.c): trees are edited by libfdt in the room that they
/// have.
class UBootMemory {
  public:
    std::vector<MemoryObject> objects;       ///< in the order of their loading
    std::vector<OverlayFacts> overlays;      ///< that were applied, or not
    std::vector<std::string> missing_nodes;  ///< paths that `fdt rm`, `fdt set` and the like did not find

    /// What lies at that very address, the latest; null where nothing begins there.
    MemoryObject* find(std::uint64_t address);
    MemoryObject& place(MemoryObject object);
    /// The working tree, where it is sound.
    MemoryObject* working();
    /// The tree that was worked on last, also one that a failed overlay destroyed; null where there was none.
    const MemoryObject* last_worked_on() const { return working_ ? &objects[*working_] : nullptr; }

    /// What was given as a device tree and is none, the latest; null where there was no such thing.
    const MemoryObject* refused_tree() const { return refused_ ? &objects[*refused_] : nullptr; }

    /// A sound tree lies at that very address.
    bool holds_tree(std::uint64_t address);
    /// Each returns whether U-Boot's command succeeds. `step` counts commands.
    bool set_working(std::uint64_t address, std::optional<std::uint64_t> length, unsigned step);
    bool move(std::uint64_t from, std::uint64_t to, std::optional<std::uint64_t> length, unsigned step);
    bool resize(const std::string& argument);
    bool apply(std::uint64_t address, unsigned step);
    bool make_node(const std::string& parent, const std::string& name);
    bool set(const std::string& path, const std::string& name, const std::vector<std::string>& values);
    bool remove(const std::string& path, const std::string& name);
    /// `fdt get value`; nothing where node or property are missing. `indexed`: cells are counted by the index
    /// (from v2023.04 on). `printable` becomes false where U-Boot cannot show the value.
    std::optional<std::string> get(const std::string& path, const std::string& name, std::optional<std::size_t> index,
                                   bool indexed, bool& printable);
    /// `fdt get name`: of the child with that number.
    std::optional<std::string> child_name(const std::string& path, std::size_t number);
    /// `fdt get size`: bytes of a property, or how many children a node has.
    std::optional<std::size_t> size_of(const std::string& path, const std::string& name);
    /// As a failed `fdt apply` leaves it.
    void destroy_working();

  private:
    bool take_as_tree(MemoryObject& object);
    template <typename Change>
    bool change_tree(MemoryObject& object, const Change& change);
    std::string resolve(const DeviceTree& tree, const std::string& path) const;
    /// The path of a node of the working tree that is there; empty where it is not.
    std::string find_node(const std::string& path);

    std::optional<std::size_t> working_;
    std::optional<std::size_t> refused_;
    bool resized_ = false;
    std::optional<std::string> resize_argument_;
    std::optional<std::size_t> moved_from_;
};

/// Hexadecimal as U-Boot reads it, with or without 0x; 0 where the text is no number.
std::uint64_t parse_hex(std::string_view text);

}  // namespace rpixen
