#include "devicetree/structure.hpp"

#include <algorithm>

#include <rpixen/error.hpp>

#include "base/size.hpp"

namespace rpixen {
namespace {

constexpr std::uint32_t magic = 0xd00dfeed;
constexpr std::uint32_t first_version = 16;
constexpr std::uint32_t last_version = 17;
constexpr std::uint64_t largest = 16 * MiB;
constexpr std::size_t longest_name = 255;  // the specification has 31
constexpr std::size_t longest_path = 1024;
constexpr std::uint64_t reservation_size = 16;

/// struct fdt_header: offsets of the big-endian words.
enum Field : std::size_t {
    total_size = 4,
    structure_begin = 8,
    strings_begin = 12,
    reservations_begin = 16,
    version = 20,
    last_compatible_version = 24,
    strings_size = 32,
    structure_size = 36,  // since version 17
    header_end = 40,
};

enum Tag : std::uint32_t { begin_node = 1, end_node = 2, property = 3, nop = 4, end_of_tree = 9 };

bool is_word(std::string_view name) {
    return std::all_of(name.begin(), name.end(), [](char letter) { return letter > ' ' && letter < '\x7f'; });
}

class Proof {
  public:
    Proof(ByteView bytes, std::string_view name, const Budget& budget) : bytes_(bytes), name_(name), spent_(budget) {}

    std::vector<TreeNode> run() {
        read_header();
        read_reservations();
        read_structure();
        return std::move(nodes_);
    }

  private:
    /// A node that is not closed yet.
    struct Open {
        std::uint32_t node = 0;
        std::size_t path_size = 0;
        bool has_children = false;
        std::vector<std::string_view> properties;
        std::vector<std::string_view> children;
    };

    [[noreturn]] void refuse(const std::string& message, std::string found, std::string allowed) const {
        throw Error(ErrorCode::artifact, {.message = message,
                                          .found = std::move(found),
                                          .allowed = std::move(allowed),
                                          .change = "give a device tree blob as made by dtc",
                                          .location = {std::string(name_), "", 0, 0}});
    }

    [[noreturn]] void damaged(std::uint64_t offset, const std::string& found, std::string allowed) const {
        refuse("the device tree is damaged", found + " at offset " + format_address(offset), std::move(allowed));
    }

    std::uint32_t word(std::uint64_t offset) const { return load_be<std::uint32_t>(&bytes_[offset]); }

    /// A block of the tree.
    Range block(const char* what, Field field, std::uint64_t size, std::uint64_t alignment) const {
        const std::uint64_t begin = word(field);
        if (begin % alignment != 0)
            damaged(field, std::string(what) + " at " + format_address(begin),
                    "a multiple of " + std::to_string(alignment));
        if (begin < header_size_ || begin > total_ || size > total_ - begin)
            damaged(field,
                    std::string(what) + " from " + format_address(begin) + ", " + std::to_string(size) + " bytes",
                    "within " + format_address(header_size_) + " to " + format_address(total_));
        return {begin, begin + size};
    }

    void read_header() {
        if (bytes_.size() < 8 || word(0) != magic)
            refuse("not a device tree blob",
                   bytes_.size() < 8 ? std::to_string(bytes_.size()) + " bytes" : format_address(word(0)),
                   "magic number 0xd00dfeed");
        total_ = word(total_size);
        if (bytes_.size() < header_end || total_ > bytes_.size() || total_ < header_end)
            refuse("the device tree ends early", std::to_string(bytes_.size()) + " bytes",
                   std::to_string(std::max<std::uint64_t>(total_, header_end)) + " bytes, as its header says");
        if (total_ > largest)
            refuse("the device tree is too large", std::to_string(total_) + " bytes",
                   "at most " + std::to_string(largest) + " bytes");
        bytes_ = bytes_.first(total_);
        const std::uint32_t newest = word(version);
        const std::uint32_t oldest = word(last_compatible_version);
        if (newest < first_version || oldest > last_version || oldest > newest)
            damaged(version,
                    "version " + std::to_string(newest) + ", compatible from " + std::to_string(oldest) + " on,",
                    "versions 16 and 17");
        const bool has_structure_size = newest >= 17;
        header_size_ = has_structure_size ? header_end : std::uint64_t{structure_size};
        structure_ = block("a structure block", structure_begin, has_structure_size ? word(structure_size) : 0, 4);
        if (!has_structure_size) structure_.end = total_;  // ends with its tag
        strings_ = block("a strings block", strings_begin, word(strings_size), 1);
        reservations_ = block("memory reservations", reservations_begin, 0, 8);
    }

    void read_reservations() {
        std::uint64_t& end = reservations_.end;
        while (true) {
            if (reservation_size > total_ - end)
                damaged(end, "memory reservations without an end", "an entry of zeros");
            const bool last = load_be<std::uint64_t>(&bytes_[end]) == 0 &&
                              load_be<std::uint64_t>(&bytes_[end + 8]) == 0;
            end += reservation_size;
            if (last) return;
            spent_.steps();
        }
    }

    void read_structure() {
        place_ = structure_.begin;
        while (true) {
            const std::uint64_t tag_place = place_;
            const std::uint32_t tag = next_word("a tag");
            if (tag == begin_node)
                enter(tag_place);
            else if (tag == end_node)
                leave(tag_place);
            else if (tag == property)
                read_property(tag_place);
            else if (tag == end_of_tree)
                return finish(tag_place);
            else if (tag != nop)
                damaged(tag_place, "tag " + format_address(tag), "1, 2, 3, 4 or 9");
        }
    }

    std::uint32_t next_word(const char* what) {
        if (structure_.end - place_ < 4)
            damaged(place_, std::string("the end of the structure block instead of ") + what,
                    "a tree with its end tag");
        place_ += 4;
        return word(place_ - 4);
    }

    /// Goes to the next tag.
    void skip(std::uint64_t size) { place_ = std::min(align_up(place_ + size, 4), structure_.end); }

    void enter(std::uint64_t at) {
        if (open_.empty() && !nodes_.empty()) damaged(at, "a second root node", "one");
        const std::string_view rest = as_text(bytes_.subspan(place_, structure_.end - place_));
        const std::size_t size = rest.substr(0, longest_name + 1).find('\0');
        if (size == std::string_view::npos)
            damaged(place_, "a node's name without an end",
                    "at most " + std::to_string(longest_name) + " bytes and a NUL");
        const std::string_view text = rest.substr(0, size);
        if (nodes_.empty() ? !text.empty() && text != "/"
                           : text.empty() || !is_word(text) || text.find('/') != std::string_view::npos)
            damaged(place_, text.empty() ? "a node without a name" : "the node name '" + std::string(text) + "'",
                    "printable letters but '/'");
        spent_.steps();
        const auto depth = static_cast<std::uint32_t>(open_.size());
        if (depth > spent_.budget().depth)
            refuse("the device tree is nested too deeply",
                   "more than " + std::to_string(spent_.budget().depth) + " levels at offset " + format_address(at),
                   "at most " + std::to_string(spent_.budget().depth) + " levels");
        Open node;
        node.node = static_cast<std::uint32_t>(nodes_.size());
        if (!open_.empty()) {
            open_.back().has_children = true;
            open_.back().children.push_back(text);
            node.path_size = open_.back().path_size + 1 + size;
        }
        if (node.path_size > longest_path)
            damaged(at, "a path of more than " + std::to_string(longest_path) + " bytes",
                    "shorter names or fewer levels");
        spent_.bytes(node.path_size);
        nodes_.push_back({static_cast<std::uint32_t>(at - structure_.begin), static_cast<std::uint32_t>(place_),
                          static_cast<std::uint32_t>(size), depth, 0});
        open_.push_back(std::move(node));
        skip(size + 1);
    }

    void leave(std::uint64_t at) {
        if (open_.empty()) damaged(at, "the end of a node that never began", "one end for each node");
        check_unique(at, open_.back().properties, "property");
        check_unique(at, open_.back().children, "node");
        nodes_[open_.back().node].end = static_cast<std::uint32_t>(nodes_.size());
        open_.pop_back();
    }

    void check_unique(std::uint64_t at, std::vector<std::string_view>& names, const char* what) const {
        std::sort(names.begin(), names.end());
        const auto twice = std::adjacent_find(names.begin(), names.end());
        if (twice != names.end())
            damaged(at, std::string("the end of a node with two ") + what + " names '" + std::string(*twice) + "'",
                    "each name once in a node");
    }

    void read_property(std::uint64_t at) {
        const std::uint64_t size = next_word("a property's length");
        const std::uint64_t name = next_word("a property's name");
        if (open_.empty()) damaged(at, "a property outside of all nodes", "properties in nodes");
        if (open_.back().has_children)
            damaged(at, "a property behind a child node", "a node's properties before its nodes");
        if (size > structure_.end - place_)
            damaged(at + 4, "a property of " + std::to_string(size) + " bytes",
                    "at most the " + std::to_string(structure_.end - place_) + " that are left");
        if (name >= strings_.size())
            damaged(at + 8, "a property's name at " + format_address(name) + " of the strings",
                    "below their " + std::to_string(strings_.size()) + " bytes");
        const std::string_view rest = as_text(bytes_.subspan(strings_.begin + name, strings_.size() - name));
        const std::size_t length = rest.substr(0, longest_name + 1).find('\0');
        if (length == std::string_view::npos)
            damaged(strings_.begin + name, "a property's name without an end",
                    "at most " + std::to_string(longest_name) + " bytes and a NUL");
        const std::string_view text = rest.substr(0, length);
        if (text.empty() || !is_word(text))
            damaged(strings_.begin + name,
                    text.empty() ? "a property without a name" : "the property name '" + std::string(text) + "'",
                    "printable letters");
        spent_.steps();
        open_.back().properties.push_back(text);
        skip(size);
    }

    void finish(std::uint64_t at) {
        if (nodes_.empty()) damaged(at, "a tree without nodes", "a root node");
        if (!open_.empty())
            damaged(at, "the end of the tree within " + std::to_string(open_.size()) + " open nodes",
                    "an end for each node");
        structure_.end = std::max(place_, word(version) >= 17 ? structure_.end : 0);
        if (structure_.overlaps(strings_) || structure_.overlaps(reservations_) || strings_.overlaps(reservations_))
            damaged(structure_begin, "blocks that overlap", "blocks side by side");
    }

    ByteView bytes_;
    std::string_view name_;
    Spending spent_;
    std::uint64_t total_ = 0;
    std::uint64_t header_size_ = 0;
    Range structure_;
    Range strings_;
    Range reservations_;
    std::uint64_t place_ = 0;
    std::vector<Open> open_;
    std::vector<TreeNode> nodes_;
};

}  // namespace

std::vector<TreeNode> tree_structure(ByteView bytes, std::string_view name, const Budget& budget) {
    return Proof(bytes, name, budget).run();
}

}  // namespace rpixen
