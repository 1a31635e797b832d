#include "artifact/layers.hpp"

#include <algorithm>

#include "artifact/kept_time.hpp"
#include "artifact/posix_acl.hpp"
#include "artifact/whiteout.hpp"
#include "base/printable.hpp"
#include "base/size.hpp"

namespace rpixen {
namespace {

constexpr std::uint64_t most_name_bytes = 16 * MiB;  // of /etc/passwd

/// "1 file", "3 files".
std::string counted(std::uint64_t count, const std::string& one, const std::string& many) {
    return std::to_string(count) + " " + (count == 1 ? one : many);
}

}  // namespace

void Layers::begin(std::string name, bool image) {
    name_ = std::move(name);
    image_ = image;
    findings_ = {};
    counts_ = {};
    next();
}

void Layers::next() {
    close_layer();
    ++begun_;
    tree_.begin_layer();
}

void Layers::close_layer() {
    for (const std::string& name : aufs_) tree_.remove_tree({FileTree::root(), name});
    aufs_.clear();
    const FileTree::LayerCounts& counts = tree_.layer_counts();
    counts_.replaced += counts.replaced;
    counts_.dropped += counts.dropped;
    counts_.repeated += counts.repeated;
}

void Layers::end() {
    close_layer();
    const LayerFindings& found = findings_;
    if (found.whiteouts != 0)
        note(counted(found.whiteouts, "whiteout", "whiteouts") + " applied, " +
             counted(counts_.dropped, "name", "names") + " of earlier layers dropped");
    else if (counts_.dropped != 0)
        note(counted(counts_.dropped, "name", "names") +
             " of earlier layers dropped with folders that something else replaced");
    if (counts_.replaced != 0) note(counted(counts_.replaced, "name", "names") + " of earlier layers replaced");
    if (counts_.repeated != 0)
        note(counted(counts_.repeated, "member was", "members were") + " replaced by a later one of the same name");
    if (found.kept_folders != 0)
        note(counted(found.kept_folders, "folder that was there keeps its", "folders that were there keep their") +
             " mode, owner, time and attributes");
    if (found.times != 0)
        note(counted(found.times, "time", "times") +
             " beyond what ext4 can hold brought to its limits (1901-12-13 20:45:52 to 2446-05-10 22:38:55)");
    if (found.apple_files != 0)
        note(counted(found.apple_files, "AppleDouble file", "AppleDouble files") + " (._*) of macOS left out");
    if (found.foreign_xattrs != 0)
        note(counted(found.foreign_xattrs, "extended attribute", "extended attributes") +
             " of another system left out, the first " + printable(found.foreign_xattr));
    if (found.end_is_proven)
        note(std::string("the tar ends without its closing blocks of zeros; its last member is whole") +
             (*found.end_is_proven
                  ? ""
                  : ", but nothing proves that none followed: where it may have been cut off, pin it with "
                    "\"sha256\", or make it again"));
    counts_ = {};
    tree_.begin_layer();
}

Metadata Layers::kept(Metadata metadata) {
    if (const auto time = brought_into_range(metadata.mtime)) {
        metadata.mtime = *time;
        ++findings_.times;
    }
    return metadata;
}

bool Layers::apply_whiteout(std::string_view path) {
    if (exact_) return false;
    const Whiteout whiteout = whiteout_of(path);
    switch (whiteout.kind) {
        case Whiteout::Kind::none:
            return false;
        case Whiteout::Kind::aufs:
            if (std::find(aufs_.begin(), aufs_.end(), whiteout.name) == aufs_.end()) aufs_.push_back(whiteout.name);
            return false;
        case Whiteout::Kind::name:
            tree_.hide({tree_.locate(whiteout.folder + "/.").directory, whiteout.name});
            break;
        case Whiteout::Kind::opaque:
            tree_.hide_below(tree_.locate(whiteout.folder + "/.").directory);
            break;
    }
    ++findings_.whiteouts;
    return true;
}

NodeId Layers::add_directory(const FileTree::Place& place, const Metadata& metadata, XattrSet xattrs) {
    // In the lowest layer they belong to something inside, such as Docker's own storage.
    const OverlayMarks marks = lowest() && !image_ ? OverlayMarks{} : take_overlay_marks(xattrs);
    if (image_) {
        const auto present = tree_.child(place.directory, place.name);
        if (present && tree_.type(*present) == NodeType::symlink) tree_.remove_tree(place);
    }
    const NodeId node = tree_.add_directory(place, kept(metadata), std::move(xattrs), FileTree::Existing::supersede);
    named_acls_.erase({node, false});
    named_acls_.erase({node, true});
    if (marks.opaque) {
        tree_.hide_below(node);
        ++findings_.whiteouts;
    }
    return node;
}

bool Layers::apply_overlay_whiteout(const FileTree::Place& place, std::uint32_t major, std::uint32_t minor) {
    if (major != 0 || minor != 0 || (lowest() && !image_)) return false;
    tree_.remove_tree(place);
    ++findings_.whiteouts;
    return true;
}

bool Layers::apply_overlay_marks(const FileTree::Place& place, std::uint64_t size, XattrSet& xattrs) {
    if (xattrs.empty() || (lowest() && !image_)) return false;
    if (!take_overlay_marks(xattrs).whiteout || size != 0) return false;
    tree_.remove_tree(place);
    ++findings_.whiteouts;
    return true;
}

void Layers::await_names(NodeId node, bool inherited, std::string text, Location place) {
    named_acls_[{node, inherited}] = {std::move(text), std::move(place)};
}

bool Layers::wants(const FileTree::Place& place) const {
    return (place.name == "passwd" || place.name == "group") && tree_.path_of(place.directory) == "/etc";
}

std::string Layers::text_of(const char* path) const {
    const auto node = tree_.find(path);
    if (!node || tree_.type(*node) != NodeType::file || tree_.sparse(*node)) return {};
    if (const auto known = texts_.find(*node); known != texts_.end()) return known->second;
    const Content content = tree_.content(*node);
    if (content.size == 0 || content.size > most_name_bytes || !content.source) return {};
    return std::string(as_text(read_all(content)));
}

/// A root file system packed from one folder too high, or a file packed as if it were one.
void Layers::look_at_top() {
    if (tree_.child_count(FileTree::root()) != 1) return;
    const EntryId entry = tree_.children(FileTree::root())[0];
    const NodeId node = tree_.entry_node(entry);
    const std::string name = printable(tree_.entry_name(entry));
    if (tree_.type(node) == NodeType::file)
        note("it holds one file, " + name + ", and nothing else: if that is the root file system, give it itself");
    if (tree_.type(node) == NodeType::directory && (tree_.child(node, "etc") || tree_.child(node, "usr")))
        note("everything is below " + name + "/: pack it from its own top (tar -C " + name + " -cf FILE .)");
}

void Layers::finish() {
    if (begun_ != 0) look_at_top();
    std::erase_if(named_acls_, [&](const auto& acl) { return tree_.links(acl.first.first) == 0; });
    if (named_acls_.empty()) return;
    const UserNames names{parse_names(text_of("/etc/passwd")), parse_names(text_of("/etc/group"))};
    std::vector<Problem> problems;
    for (const auto& [key, named] : named_acls_) {
        const auto& [node, inherited] = key;
        try {
            const PosixAcl acl = parse_posix_acl(named.text, &names);
            XattrSet xattrs = tree_.xattrs(node);
            xattrs.emplace_back(inherited ? posix_acl_default : posix_acl_access, acl.xattr);
            tree_.set_xattrs(node, std::move(xattrs));
            if (inherited) continue;
            Metadata metadata = tree_.metadata(node);
            metadata.mode = static_cast<std::uint16_t>((metadata.mode & 07000U) | acl.mode);
            tree_.set_metadata(node, metadata);
        } catch (const Error& error) {
            Problem problem = error.problems()[0];
            problem.location = named.place;
            problems.push_back(std::move(problem));
        }
    }
    named_acls_.clear();
    if (!problems.empty()) throw Error(ErrorCode::artifact, std::move(problems));
}

}  // namespace rpixen
