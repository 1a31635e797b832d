#include "artifact/image_files.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <vector>

#include <rpixen/error.hpp>

#include "artifact/tar_reader.hpp"
#include "base/printable.hpp"
#include "base/size.hpp"
#include "unpack/decoder.hpp"

namespace rpixen {
namespace {

constexpr std::uint64_t most_text = 4 * MiB;    // of a JSON document; the specification asks for as much
constexpr std::uint64_t most_texts = 64 * MiB;  // of all together
constexpr std::size_t most_members = 100'000;
constexpr std::size_t header_read = 4096;

[[noreturn]] void refuse_missing(const std::string& image, const std::string& name) {
    Problem problem{"a file of the container image is missing",
                    "no '" + printable(name) + "'",
                    "every blob that the image names",
                    "save or fetch the image again",
                    {}};
    problem.location = {image, printable(name), 0, 0};
    throw Error(ErrorCode::artifact, std::move(problem));
}

/// The manifest.json of `docker save` is a list.
bool is_docker_manifest(const std::optional<std::string>& text) {
    return text && text->find("\"Layers\"") != std::string::npos &&
           text->find_first_not_of(" \t\r\n") == text->find('[');
}

bool is_image(const ImageFiles& files) {
    return (files.text("oci-layout") && files.text("index.json")) || is_docker_manifest(files.text("manifest.json"));
}

class FolderImage final : public ImageFiles {
  public:
    explicit FolderImage(std::string path) : path_(std::move(path)) {}

    std::optional<std::string> text(const std::string& name) const override {
        const auto path = inside(name);
        if (!path) return std::nullopt;
        const auto file = InputFile::open_file(*path);
        if (file->size() > most_text) return std::nullopt;
        return std::string(as_text(read_all(file->content())));
    }

    Bytes open(const std::string& name) override {
        const auto path = inside(name);
        if (!path) refuse_missing(path_, name);
        auto file = InputFile::open_file(*path);
        const std::uint64_t size = file->size();
        return {std::move(file), 0, size, nullptr};
    }

  private:
    /// The path of a file in the folder; nothing where there is none, or where a link or name leads out of
    /// it.
    std::optional<std::string> inside(const std::string& name) const {
        std::error_code failure;
        const std::filesystem::path top = std::filesystem::canonical(path_, failure);
        const std::filesystem::path path = std::filesystem::canonical(top / name, failure);
        if (failure || !std::filesystem::is_regular_file(path, failure)) return std::nullopt;
        if (std::mismatch(top.begin(), top.end(), path.begin(), path.end()).first != top.end()) return std::nullopt;
        return path.string();
    }

    std::string path_;
};

bool ends_with_one_of(std::string_view name, std::initializer_list<std::string_view> ends) {
    return std::any_of(ends.begin(), ends.end(), [&](std::string_view end) { return name.ends_with(end); });
}

bool is_hex(std::string_view text) {
    return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

/// "./a//b/" as "a/b".
std::string plain_name(std::string_view path) {
    return std::filesystem::path(path).lexically_normal().relative_path().string();
}

/// Whether an image's archive may have such a member: blobs of a layout; layers, configurations and links to
/// layers as docker, podman, skopeo, kaniko and jib name them. Anything else is of a root file system.
bool may_be_of_an_image(const TarMember& member, std::string name) {
    while (name.ends_with('/')) name.pop_back();
    if (name.empty() || name == ".") return true;
    if (name.starts_with("..")) return false;
    const auto depth = std::count(name.begin(), name.end(), '/');
    const std::string last = name.substr(name.rfind('/') + 1);
    using Kind = TarMember::Kind;
    if (member.kind == Kind::directory) return depth <= 1;
    const bool link = member.kind == Kind::symlink || member.kind == Kind::hard_link;
    if (member.kind != Kind::file && !link) return false;
    if (name.starts_with("blobs/")) return depth == 2;
    const bool packed_or_json = ends_with_one_of(last, {".json", ".tar", ".tar.gz", ".tgz", ".tar.zst"});
    if (depth == 1) return packed_or_json || last == "json" || last == "VERSION";
    return depth == 0 && !link &&
           (packed_or_json || last == "oci-layout" || last == "repositories" || last.starts_with("sha256:") ||
            (last.size() == 64 && is_hex(last)));
}

/// A part of a stream; `whole` outlives it.
class PartOfStream final : public ByteStream {
  public:
    PartOfStream(ByteStream& whole, std::uint64_t size) : whole_(whole), left_(size) {}

  protected:
    ByteView refill() override {
        const ByteView part = left_ == 0 ? ByteView() : whole_.some(left_);
        left_ -= part.size();
        return part;
    }

  private:
    ByteStream& whole_;
    std::uint64_t left_;
};

class TarImage final : public ImageFiles {
  public:
    TarImage(std::shared_ptr<const InputFile> file, bool packed) : file_(std::move(file)), packed_(packed) {}

    /// False: a member is none of an image's.
    bool index(const Supervision& supervision) {
        const std::unique_ptr<ByteStream> stream = open_whole();
        TarReader reader(*stream, file_->name());
        std::uint64_t texts = 0;
        while (reader.next()) {
            supervision.check();
            const TarMember& member = reader.member();
            std::string name = plain_name(member.name);
            if (!may_be_of_an_image(member, name) || members_.size() == most_members) return false;
            if (member.kind == TarMember::Kind::directory || member.sparse) continue;
            Member& known = members_[name];
            known = {reader.data_position(), member.stored, {}};
            if (member.kind == TarMember::Kind::hard_link)
                known.link = plain_name(member.link);
            else if (member.kind == TarMember::Kind::symlink)
                known.link = plain_name((std::filesystem::path(name).parent_path() / member.link).string());
            else if (member.stored <= most_text && texts + member.stored <= most_texts && may_be_json(reader))
                texts += (texts_[name] = take(reader)).size();
        }
        return is_image(*this);
    }

    std::optional<std::string> text(const std::string& name) const override {
        const auto found = texts_.find(name);
        return found == texts_.end() ? std::nullopt : std::optional(found->second);
    }

    Bytes open(const std::string& name) override {
        auto found = members_.find(plain_name(name));
        for (int links = 0; found != members_.end() && !found->second.link.empty() && links < 8; ++links)
            found = members_.find(found->second.link);
        if (found == members_.end() || !found->second.link.empty()) refuse_missing(file_->name(), name);
        const Member& member = found->second;
        if (!packed_) return {file_, member.offset, member.offset + member.size, nullptr};
        // A blob that lies before the last one is reached from the archive's start again.
        if (!stream_ || stream_->position() > member.offset) stream_ = open_whole();
        if (!stream_->skip(member.offset - stream_->position())) refuse_missing(file_->name(), name);
        return {nullptr, 0, 0, std::make_unique<PartOfStream>(*stream_, member.size)};
    }

  private:
    struct Member {
        std::uint64_t offset = 0;  ///< bytes, in the unpacked archive
        std::uint64_t size = 0;
        std::string link;
    };

    std::unique_ptr<ByteStream> open_whole() const {
        if (packed_) return std::make_unique<Decoder>(file_, 0, file_->size(), false);
        return std::make_unique<FileStream>(file_, 0, file_->size(), header_read);
    }

    static bool may_be_json(TarReader& reader) {
        const ByteView start = reader.peek();
        return !start.empty() && (start[0] == std::byte{'{'} || start[0] == std::byte{'['});
    }
    static std::string take(TarReader& reader) {
        std::string text;
        for (ByteView part = reader.data(); !part.empty(); part = reader.data()) text.append(as_text(part));
        return text;
    }

    std::shared_ptr<const InputFile> file_;
    bool packed_;
    std::map<std::string, Member> members_;
    std::map<std::string, std::string> texts_;
    std::unique_ptr<ByteStream> stream_;
};

}  // namespace

std::unique_ptr<ImageFiles> image_in_folder(const std::string& path) {
    // A root file system may have a file of such a name in its top folder.
    for (const char* name : {"etc", "usr", "bin"})
        if (std::filesystem::exists(std::filesystem::path(path) / name)) return nullptr;
    auto image = std::make_unique<FolderImage>(path);
    if (!is_image(*image)) return nullptr;
    return image;
}

std::unique_ptr<ImageFiles> image_in_tar(const std::shared_ptr<const InputFile>& file, bool packed,
                                         const Supervision& supervision) {
    auto image = std::make_unique<TarImage>(file, packed);
    try {
        if (!image->index(supervision)) return nullptr;
    } catch (const Error& error) {
        // Whoever reads it as a root file system tells what is wrong with it.
        if (error.code() != ErrorCode::artifact && error.code() != ErrorCode::unavailable) throw;
        return nullptr;
    }
    return image;
}

}  // namespace rpixen
