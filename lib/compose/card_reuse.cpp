#include "compose/card_reuse.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include <rpixen/error.hpp>

#include "base/byte_record.hpp"
#include "storage/file_descriptor.hpp"
#include "storage/input_file.hpp"

namespace rpixen {
namespace {

using Time = std::pair<std::int64_t, std::int64_t>;  // seconds, nanoseconds

Time ctime_of(const FileIdentity& identity) {
    return {identity.ctime_seconds, identity.ctime_nanoseconds};
}

/// The number of a device may be another after the system has started again.
bool is_the_same(FileIdentity one, const FileIdentity& other) {
    one.device = other.device;
    return one == other;
}

/// Whether a file that was last changed at `changed` would have a later ctime if it were changed at `now` or
/// afterwards. Some file systems count in steps of up to two seconds: whole hundredths of a second are taken for one of
/// those.
bool is_before(const Time& changed, const Time& now) {
    constexpr std::int64_t coarse = 10'000'000;
    if (changed.second % coarse == 0) return changed.first + 2 < now.first;
    return changed < now;
}

/// Another one each time that the system starts; empty where it is not told.
std::string boot_id() {
    const FileDescriptor file(::open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC));
    char text[64];
    const ssize_t count = file ? ::read(file.get(), text, sizeof(text)) : 0;
    return {text, static_cast<std::size_t>(std::max<ssize_t>(count, 0))};
}

/// Only this user can have written it.
bool is_our_own(const InputFile& file) {
    struct stat status {};
    return ::fstat(file.descriptor(), &status) == 0 && status.st_uid == ::geteuid() &&
           (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

/// The time of a file's file system, by changing the file.
Time time_of_change(const OutputFile& file) {
    const timespec now[2]{{0, UTIME_NOW}, {0, UTIME_NOW}};
    if (::futimens(file.descriptor(), now) != 0) throw_io("touch", file.path());
    return ctime_of(identify(file.descriptor(), file.path()));
}

}  // namespace

std::string record_path(const std::string& image) {
    return image + ".reuse";
}

CardReuse::CardReuse(const ComposeRequest& request, const Manifest& manifest, const OutputFile& output)
    : request_(request),
      references_(manifest.rootfs),
      start_(identify(output.descriptor(), output.path())),
      record_file_(record_path(request.output)) {
    look_at_inputs();
    look_at_older();
}

void CardReuse::look_at_inputs() {
    for (const ArtifactReference& reference : references_) {
        const auto identity = identity_of_file(reference.resolved);
        if (!identity) {
            cannot_keep_ = reference.path + " is no regular file";
            return;
        }
        inputs_.push_back({reference.path, *identity, {}});
        if (!is_before(ctime_of(*identity), ctime_of(start_)))
            cannot_keep_ = reference.path + " was changed in the very moment when it was read";
    }
}

void CardReuse::look_at_older() {
    const std::string path = record_path(request_.reuse);
    const auto refuse = [&](std::string reason) { reason_ = std::move(reason); };
    try {
        older_image_ = InputFile::open_file(request_.reuse);
    } catch (const Error& error) {
        const std::string& found = error.problems()[0].found;
        return refuse(found.empty() ? "it cannot be opened" : found);
    }
    std::shared_ptr<const InputFile> file;
    try {
        file = InputFile::open_file(path);
    } catch (const Error&) {
        return refuse("it has no record (" + path + "), which compose --reuse leaves beside an image");
    }
    if (!is_our_own(*file)) return refuse("others than you can write its record " + path);
    try {
        older_record_ = parse_root_record(read_all(file->content()));
    } catch (const Error&) {
        return refuse("its record " + path + " is damaged, or of another version");
    }
    if (!is_the_same(older_record_->image, older_image_->identity()))
        return refuse("it is not the image any more that its record " + path + " is of");
    if (!older_record_->boot_id.empty() && older_record_->boot_id != boot_id())
        return refuse("the system was started anew since it was written with --no-sync");
    if (!same_inputs()) return refuse("the layers of the root file system are not those that it was composed from");
    for (std::size_t index = 0; index < inputs_.size(); ++index) {
        inputs_[index].sha256 = older_record_->inputs[index].sha256;
        if (!inputs_[index].sha256.empty()) known_[references_[index].resolved] = inputs_[index].sha256;
    }
}

/// Whether the layers are those of the older image, as far as that is known without reading them.
bool CardReuse::same_inputs() const {
    const std::vector<RootRecord::Input>& before = older_record_->inputs;
    if (inputs_.size() != references_.size() || before.size() != inputs_.size()) return false;
    for (std::size_t index = 0; index < inputs_.size(); ++index) {
        if (before[index].path != inputs_[index].path) return false;
        if (!is_the_same(before[index].identity, inputs_[index].identity)) return false;
        const std::optional<std::string>& pinned = references_[index].sha256;
        if (pinned && *pinned != before[index].sha256) return false;
    }
    return true;
}

void CardReuse::give_up(std::string reason) {
    reason_ = std::move(reason);
    gave_up_ = true;
    known_.clear();
}

void CardReuse::start_over() {
    if (!gave_up_) give_up("it could not be read");
    gave_up_ = false;
    older_.reset();
    older_record_.reset();
    next_.reset();
}

std::optional<RootFileSystem> CardReuse::take_root(ImageBackend& backend, OutputFile& output, std::uint64_t offset) {
    if (!takes_over()) return std::nullopt;
    older_ = backend.open_older(output, older_image_, older_record_->root_offset, offset);
    if (!older_) {
        give_up("the back end " + backend.name() + " takes nothing over");
        start_over();
        return std::nullopt;
    }
    RootFileSystem root;
    root.notes = older_record_->notes;
    for (const ArtifactReference& reference : references_) root.inputs.push_back(reference.resolved);
    try {
        if (older_record_->prebuilt) {
            const auto file = InputFile::open_file(references_.at(0).resolved);
            RecordReader::check(is_the_same(file->identity(), inputs_.at(0).identity) &&
                                file->size() == *older_record_->prebuilt);
            root.prebuilt = file->content();
            root.prebuilt->placed = true;
            return root;
        }
        RecordReader reader(older_record_->tree);
        root.tree = FileTree::kept(reader, offset, older_);
        for (const NodeId node : older_record_->lost) {
            RecordReader::check(node < root.tree.node_count() && root.tree.type(node) == NodeType::file);
            older_->leave_out(root.tree.content(node).position);
        }
        for (const auto& [node, digest] : older_record_->digests) {
            RecordReader::check(node < root.tree.node_count() && root.tree.type(node) == NodeType::file);
            if (root.tree.content(node).size != 0) older_->know(root.tree.content(node).position, digest);
        }
    } catch (const Error&) {
        give_up("its record is damaged");
        start_over();
        return std::nullopt;
    }
    return root;
}

void CardReuse::keep(const RootFileSystem& root, std::uint64_t offset, const ManifestDigests& digests) {
    if (!cannot_keep_.empty()) return;
    const bool placed = root.prebuilt ? root.prebuilt->placed : root.tree.all_placed();
    if (!placed) {
        cannot_keep_ = "the back end keeps the root file system elsewhere";
        return;
    }
    next_.emplace();
    next_->root_offset = offset;
    next_->inputs = inputs_;
    for (std::size_t index = 0; index < inputs_.size(); ++index) {
        const auto digest = digests.find(references_[index].resolved);
        if (digest != digests.end()) next_->inputs[index].sha256 = digest->second;
        if (references_[index].sha256) next_->inputs[index].sha256 = *references_[index].sha256;
    }
    next_->notes = root.notes;
    if (root.prebuilt) {
        next_->prebuilt = root.prebuilt->size;
        return;
    }
    if (older_record_ && takes_over()) {
        next_->tree = older_record_->tree;
        next_->lost = older_record_->lost;
        next_->digests = older_record_->digests;
    } else {
        RecordWriter tree;
        root.tree.keep(tree, offset);
        next_->tree = tree.written();
    }
    live_.resize(root.tree.node_count());
    for (NodeId node = 0; node < root.tree.node_count(); ++node)
        live_[node] = root.tree.type(node) == NodeType::file && root.tree.links(node) != 0;
}

void CardReuse::check(const Card& card) {
    if (card.partitions.empty() || card.partitions.back().copied()) return;
    const FileTree& root = card.partitions.back().tree;
    if (older_record_ && takes_over()) {
        for (const NodeId node : older_record_->lost) {
            if (root.links(node) == 0) continue;
            give_up("it does not have " + root.path_of(node) + " as the layers have it");
            throw Error(ErrorCode::internal, "an older card was taken over that is of no use");
        }
    }
    if (!next_) return;
    for (NodeId node = 0; node < live_.size(); ++node)
        if (live_[node] && root.links(node) == 0 && root.content(node).size != 0) next_->lost.push_back(node);
    std::sort(next_->lost.begin(), next_->lost.end());
    next_->lost.erase(std::unique(next_->lost.begin(), next_->lost.end()), next_->lost.end());
}

void CardReuse::finish(const FileDigests& digests) {
    if (takes_over() && !is_the_same(identify(older_image_->descriptor(), request_.reuse), older_image_->identity())) {
        give_up("it was changed while it was read");
        throw Error(ErrorCode::internal, "an older card was taken over that is of no use");
    }
    if (!next_) return;
    for (const auto& [node, digest] : digests)
        if (node < live_.size() && live_[node]) next_->digests[node] = digest;
}

std::string CardReuse::note() const {
    std::string text = takes_over()
                           ? "the root file system is that of " + request_.reuse + ", its layers were not read again"
                           : "nothing was taken over from " + request_.reuse + ": " + reason_;
    if (!cannot_keep_.empty()) text += "; nothing can be taken over from " + request_.output + ": " + cannot_keep_;
    return text;
}

void CardReuse::seal(const OutputFile& image, const FileIdentity& written) noexcept {
    try {
        if (!next_ || !cannot_keep_.empty()) return;
        const auto named = identity_of_file(image.path());
        if (!named || named->inode != written.inode || named->size != written.size ||
            named->mtime_seconds != written.mtime_seconds || named->mtime_nanoseconds != written.mtime_nanoseconds)
            return;
        next_->image = *named;
        if (!request_.sync) {
            next_->boot_id = boot_id();
            if (next_->boot_id.empty()) return;
        }
        // Whoever changes the image or an input from now on gives it a later ctime.
        constexpr int most_waits = 50;
        for (int waits = 0; !is_before(ctime_of(next_->image), time_of_change(record_file_)); ++waits) {
            if (waits == most_waits) return;
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        for (std::size_t index = 0; index < inputs_.size(); ++index)
            if (identity_of_file(references_[index].resolved) != inputs_[index].identity) return;
        if (identity_of_file(image.path()) != next_->image) return;
        write_record();
    } catch (const Error&) {
        // There is no record then: it is worth no failure, as the image is there.
    }
}

void CardReuse::write_record() {
    record_file_.write(0, make_root_record(*next_));
    struct stat status {};
    if (::fstat(record_file_.descriptor(), &status) != 0) throw_io("examine", record_file_.path());
    if (::fchmod(record_file_.descriptor(), status.st_mode & ~mode_t{S_IWGRP | S_IWOTH}) != 0)
        throw_io("set the mode of", record_file_.path());
    record_file_.commit(false);
}

}  // namespace rpixen
