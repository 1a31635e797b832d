#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <rpixen/error.hpp>

#include "artifact/user_names.hpp"
#include "tree/file_tree.hpp"

namespace rpixen {

/// What was left out of a layer, or changed on its way into the tree: how many.
struct LayerFindings {
    std::uint64_t whiteouts = 0;
    std::uint64_t times = 0;           ///< beyond what ext4 can hold
    std::uint64_t apple_files = 0;     ///< AppleDouble ("._name")
    std::uint64_t foreign_xattrs = 0;  ///< of other systems
    std::string foreign_xattr;         ///< the first of them
    std::uint64_t kept_folders = 0;    ///< folders that kept what they had against a later folder's
    /// Of a tar without closing blocks: whether a checksum or a digest proves that it is all there.
    std::optional<bool> end_is_proven;
};

/// The layers of a root file system on their way into one tree, and what the user should know of that.
class Layers {
  public:
    /// `layers`: whiteouts are applied and what macOS adds is left out. `exact`: a tar is a copy of a file
    /// system, and its names are no more than names.
    enum class Reading : std::uint8_t { layers, exact };
    /// `tree` outlives this.
    explicit Layers(FileTree& tree, Reading reading = Reading::layers)
        : tree_(tree), exact_(reading == Reading::exact) {}

    /// A layer begins; `name` is for notes. `image`: it is a container image, whose first layer may have
    /// whiteouts too and in which a folder takes a link's place.
    void begin(std::string name, bool image = false);
    /// The next layer of an image.
    void next();
    /// The layer ends: what was found becomes notes.
    void end();
    /// All layers are there: access control lists that name users get their numbers from the tree's own
    /// /etc/passwd and /etc/group. Throws Error{artifact} with every name that is not there, Error{io}.
    void finish();

    FileTree& tree() { return tree_; }
    const FileTree& tree() const { return tree_; }
    bool exact() const { return exact_; }
    /// Whether nothing lies below the present layer.
    bool lowest() const { return begun_ == 1; }
    LayerFindings& findings() { return findings_; }
    void note(const std::string& text) { notes_.push_back(name_ + ": " + text); }
    const std::vector<std::string>& notes() const { return notes_; }

    /// `metadata` with a time that ext4 can hold.
    Metadata kept(Metadata metadata);

    /// Applies a member's name where it is a whiteout. False: it is none, and to be laid.
    bool apply_whiteout(std::string_view path);
    /// Adds a folder as the layer's rules have it, and what overlayfs says in its attributes.
    NodeId add_directory(const FileTree::Place& place, const Metadata& metadata, XattrSet xattrs);
    /// Whether a device of these numbers at `place` is an overlayfs whiteout, which it then applies.
    bool apply_overlay_whiteout(const FileTree::Place& place, std::uint32_t major, std::uint32_t minor);
    /// Takes overlayfs' own attributes from a file; true where they say that it is a whiteout, now applied.
    bool apply_overlay_marks(const FileTree::Place& place, std::uint64_t size, XattrSet& xattrs);

    /// An access control list of a node that names somebody. `place` is for messages.
    void await_names(NodeId node, bool inherited, std::string text, Location place);
    /// The bytes of a file that may be /etc/passwd or /etc/group, where its content cannot be read later.
    void remember(NodeId node, std::string text) { texts_[node] = std::move(text); }
    /// Whether remember() wants a file of that path.
    bool wants(const FileTree::Place& place) const;

  private:
    struct NamedAcl {
        std::string text;
        Location place;
    };
    std::string text_of(const char* path) const;
    void look_at_top();
    void close_layer();

    FileTree& tree_;
    std::string name_;
    std::uint64_t begun_ = 0;
    bool image_ = false;
    bool exact_;
    LayerFindings findings_;
    FileTree::LayerCounts counts_;
    std::vector<std::string> aufs_;  ///< names at the top that only AUFS knows
    std::vector<std::string> notes_;
    std::map<std::pair<NodeId, bool>, NamedAcl> named_acls_;
    std::map<NodeId, std::string> texts_;
};

}  // namespace rpixen
