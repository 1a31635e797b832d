#include "artifact/ingest_root.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <memory>

#include <rpixen/error.hpp>

#include "artifact/ext_image.hpp"
#include "artifact/file_kind.hpp"
#include "artifact/folder_layer.hpp"
#include "artifact/foreign_kind.hpp"
#include "artifact/image_files.hpp"
#include "artifact/image_layer.hpp"
#include "artifact/layers.hpp"
#include "artifact/pin.hpp"
#include "artifact/refusal.hpp"
#include "artifact/tar_layer.hpp"
#include "storage/input_file.hpp"

namespace rpixen {
namespace {

using InputFilePtr = std::shared_ptr<const InputFile>;

constexpr const char*
    root_kinds = "a tar (plain, gzip, xz, zstd, bzip2, lz4), a folder, an ext4 image or a container image";

/// Names what holds a root file system in a form that is not read here, with what to do.
void refuse_foreign_kind(const std::string& path, const InputFile& file) {
    const Bytes start = start_of(file, foreign_kind_bytes);
    if (const auto foreign = detect_foreign_kind(start)) refuse_kind(path, foreign->name, root_kinds, foreign->change);
}

bool is_folder(const std::string& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

/// Holds the digest of a whole file against its pin, where it has one.
void hold_against_pin(const ArtifactReference& reference, const InputFile& file, const Supervision& supervision) {
    if (reference.sha256) check_pin(*reference.sha256, digest_of(file, supervision), reference.path);
}

class RootIngestion {
  public:
    RootIngestion(const std::vector<ArtifactReference>& references, ContentStore& store, const Supervision& supervision,
                  const CancelToken& given_up)
        : references_(references),
          store_(store),
          supervision_(supervision),
          long_work_{supervision.progress, &given_up} {}

    RootFileSystem run() {
        for (const ArtifactReference& reference : references_) look_at(reference);
        supervision_.check();
        if (refusals_.empty() && !left_out_) refusals_.look_at(references_.front().location, [&] { layers_.finish(); });
        refusals_.raise();
        if (left_out_) long_work_.check();
        root_.notes = layers_.notes();
        return std::move(root_);
    }

  private:
    void look_at(const ArtifactReference& reference) {
        supervision_.check();
        root_.inputs.push_back(reference.resolved);
        try {
            refusals_.look_at(reference.location, [&] {
                if (is_folder(reference.resolved))
                    take_folder(reference);
                else
                    take_file(reference);
            });
        } catch (const Error& error) {
            if (error.code() != ErrorCode::cancelled) throw;
            supervision_.check();
            left_out_ = true;
        }
    }

    void take_folder(const ArtifactReference& reference) {
        check_folder_has_no_pin(reference);
        if (const auto image = image_in_folder(reference.resolved)) return take_container_image(reference, *image);
        layers_.begin(reference.path);
        add_folder(layers_, reference.resolved, supervision_);
        layers_.end();
    }

    void take_file(const ArtifactReference& reference) {
        const InputFilePtr file = InputFile::open_file(reference.resolved);
        const Bytes start = start_of(*file);
        const FileKind kind = detect_file_kind(start);
        const bool packed = kind == FileKind::packed;
        if (packed || kind == FileKind::tar) {
            if (const auto image = image_in_tar(file, packed, packed ? long_work_ : supervision_)) {
                hold_against_pin(reference, *file, supervision_);
                return take_container_image(reference, *image);
            }
        }
        if (packed || (kind == FileKind::tar && store_.in_place())) return pour(reference, file);
        hold_against_pin(reference, *file, supervision_);
        if (kind == FileKind::tar) return take_tar(reference, file);
        if (kind == FileKind::ext_file_system) return take_prebuilt(reference, *file);
        refuse_foreign_kind(reference.path, *file);
        refuse_kind(reference.path, describe(kind, start), root_kinds);
    }

    /// Whether the work that takes long and writes is worth its while: not for a run that has failed already.
    bool worth_long_work() const {
        long_work_.check();
        return refusals_.empty();
    }

    void take_container_image(const ArtifactReference& reference, ImageFiles& image) {
        if (!worth_long_work()) return;
        layers_.begin(reference.path, true);
        add_image(layers_, image, reference.path, store_, long_work_);
        layers_.end();
    }

    void pour(const ArtifactReference& reference, const InputFilePtr& file) {
        if (!worth_long_work()) return;
        layers_.begin(reference.path);
        pour_tar(layers_, TarFile(file), store_, reference.sha256, long_work_);
        layers_.end();
    }

    void take_tar(const ArtifactReference& reference, const InputFilePtr& file) {
        TarFile tar(file);
        tar.end_is_certain = reference.sha256.has_value();
        layers_.begin(reference.path);
        add_tar(layers_, tar, supervision_);
        layers_.end();
    }

    void take_prebuilt(const ArtifactReference& reference, const InputFile& file) {
        if (references_.size() != 1)
            refuse_kind(reference.path, "a prebuilt file system among several layers", "tars and folders",
                        "give the prebuilt image alone");
        check_ext_image(file);
        root_.prebuilt = file.content();
        if (!store_.in_place() || !worth_long_work()) return;
        long_work_.begin(Phase::copying, file.size());
        root_.prebuilt = store_.place_image(*root_.prebuilt, long_work_);
    }

    const std::vector<ArtifactReference>& references_;
    ContentStore& store_;
    const Supervision& supervision_;
    Supervision long_work_;  ///< ends also where the run has failed elsewhere
    RootFileSystem root_;
    Layers layers_{root_.tree};
    Refusals refusals_;
    bool left_out_ = false;
};

}  // namespace

RootFileSystem ingest_root(const std::vector<ArtifactReference>& layers, ContentStore& store,
                           const Supervision& supervision, const CancelToken& given_up) {
    return RootIngestion(layers, store, supervision, given_up).run();
}

}  // namespace rpixen
