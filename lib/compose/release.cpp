#include <rpixen/release.hpp>

#include <array>
#include <optional>
#include <thread>

#include "artifact/named_inputs.hpp"
#include "artifact/pin.hpp"
#include "base/host_signals.hpp"
#include "card/read_card.hpp"
#include "compose/outputs.hpp"
#include "compose/release_folder.hpp"
#include "compose/write_card.hpp"
#include "release/checksums.hpp"
#include "release/cyclonedx.hpp"
#include "release/image_pass.hpp"
#include "release/imager_entry.hpp"
#include "release/packages/installed_packages.hpp"
#include "release/page.hpp"
#include "release/provenance.hpp"
#include "release/signature.hpp"
#include "release/spdx.hpp"
#include "storage/input_file.hpp"
#include "storage/output_folder.hpp"
#include "storage/output_path.hpp"

namespace rpixen {
namespace {

Compression compression_of(const std::string& word) {
    if (word == "none") return Compression::none;
    for (const Compression compression : compressions)
        if (word == suffix_of(compression)) return compression;
    throw Error(ErrorCode::usage, "a release is not compressed like that", word, "zst, xz, gz or none");
}

/// Null where nothing is to be signed. `folder` is where a command finds what it signs.
std::unique_ptr<Signer> signer_of(const ReleaseRequest& request, const std::string& folder) {
    if (!request.sign_key.empty()) return key_signer(request.sign_key);
    return request.sign_command.empty() ? nullptr : command_signer(request.sign_command, folder);
}

void check_request(const ReleaseRequest& request, const Manifest& manifest) {
    if (request.folder.empty())
        throw Error(ErrorCode::usage, "a release needs a folder", {}, "a new name, or an earlier release",
                    "give -d DIR");
    if (!request.sign_key.empty() && !request.sign_command.empty())
        throw Error(ErrorCode::usage, "a release is signed by a key or by a command", {},
                    "one of --sign-key and --sign-command");
    check_outputs(manifest, request.manifest.path(), {request.folder});
    // What lies in an earlier release would go with it.
    std::vector<std::string> inputs{request.manifest.path(), request.sign_key};
    for (const NamedInput& input : named_inputs(manifest)) inputs.push_back(input.resolved);
    check_replaceable(release_folder(), request.folder, inputs);
}

std::string ending_with_slash(std::string url) {
    if (!url.empty() && !url.ends_with('/')) url += '/';
    return url;
}

std::vector<Range> ranges_of(const std::vector<ReportExtent>& extents) {
    std::vector<Range> ranges;
    for (const ReportExtent& extent : extents) ranges.push_back({extent.begin, extent.end});
    return ranges;
}

/// What is made of the facts alone.
struct Document {
    std::string_view suffix;
    std::string (*text)(const ReleaseFacts&);
};
constexpr std::array documents{Document{spdx_suffix, spdx_json}, Document{cyclonedx_suffix, cyclonedx_json},
                               Document{imager_suffix, imager_entry_json}, Document{page_suffix, release_page}};

/// The work on one release, in the order of its steps.
class Work {
  public:
    Work(const ReleaseRequest& request, const Manifest& manifest, const Supervision& supervision)
        : request_(request),
          manifest_(manifest),
          supervision_(supervision),
          compression_(compression_of(request.compress)),
          folder_(request.folder),
          signer_(signer_of(request, folder_.temporary())) {
        facts_.name = manifest.name;
        facts_.manifest = manifest_json(manifest);
        facts_.url = ending_with_slash(request.url);
        facts_.tool_version = version();
    }

    Release run() {
        write_image();
        write_documents();
        write_checksums();
        return result();
    }

    void give_name(const Release& release) {
        supervision_.check();
        check_replaceable(release_folder(), request_.folder);
        if (request_.deliver) request_.deliver(release);
        folder_.commit(request_.sync);
    }

  private:
    std::string named(std::string_view suffix) const { return facts_.name + std::string(suffix); }
    std::string place(const std::string& name) const { return folder_.temporary() + "/" + name; }

    /// The card, its report, what people download and the block map.
    void write_image() {
        facts_.image.name = named(image_suffix);
        OutputFile image(place(facts_.image.name));
        OutputFile report(place(named(report_suffix)));
        if (request_.sync && compression_ == Compression::none) image.write_back_early();
        ComposeRequest compose;
        static_cast<PlanRequest&>(compose) = request_;
        compose.output = image.path();
        compose.digest_inputs = true;  // of all, for the provenance
        compose.list_extents = true;
        compose.list_root = false;
        facts_.card = write_card(compose, manifest_, image, &report, supervision_);
        facts_.card.output = facts_.image.name;
        keep(report, named(report_suffix));
        read_packages(image);

        std::optional<OutputFile> packed;
        if (compression_ != Compression::none) {
            packed.emplace(place(facts_.image.name + "." + suffix_of(compression_)));
            if (request_.sync) packed->write_back_early();
        }
        const ImagePass pass = pass_over(image, facts_.card.size, ranges_of(facts_.card.extents), compression_,
                                         packed ? &*packed : nullptr, std::thread::hardware_concurrency(),
                                         supervision_);
        facts_.image.size = facts_.card.size;
        facts_.image.sha256 = facts_.card.image_sha256 = pass.image_sha256;
        facts_.download = facts_.image;
        if (packed) {
            facts_.download = {facts_.image.name + "." + suffix_of(compression_), pass.packed_size, pass.packed_sha256};
            packed->commit(request_.sync);
        } else {
            image.commit(request_.sync);
        }
        files_.push_back(facts_.download);
        facts_.block_map = named(block_map_suffix);
        write(facts_.block_map, format_bmap(pass.map));
        for (const BmapRange& range : pass.map.ranges) mapped_ += range.blocks.size() * Bmap::block_size;
    }

    /// As anybody finds them who reads the image.
    void read_packages(const OutputFile& image) {
        const auto file = image.written(image.path());
        const Card card = read_card(file, file->size(), supervision_);
        for (const Partition& partition : card.partitions) {
            if (!partition.ext()) continue;
            PackageList list = installed_packages(partition.tree);
            facts_.packages = std::move(list.packages);
            facts_.package_notes = std::move(list.notes);
            facts_.distribution = distribution_of(partition.tree);
        }
        facts_.card.notes.insert(facts_.card.notes.end(), facts_.package_notes.begin(), facts_.package_notes.end());
    }

    void write_documents() {
        for (const Document& document : documents) write(named(document.suffix), document.text(facts_));
        // Of what was made: the statement cannot speak of itself.
        std::vector<ReleaseFile> subjects = files_;
        if (compression_ != Compression::none) subjects.push_back(facts_.image);
        sort_by_name(subjects);
        const BuildParameters parameters{request_.builder, request_.source_date_epoch, request_.allow, request_.deny,
                                         request_.compress};
        write(named(statement_suffix), envelope(provenance_statement(facts_, subjects, parameters), signer_.get()));
    }

    void write_checksums() {
        const std::string checksums = format_checksums(files_);
        folder_.write(std::string(checksums_name), as_bytes(checksums));
        if (signer_)
            folder_.write(std::string(signature_name), signer_->sign(as_bytes(checksums), std::string(checksums_name)));
    }

    Release result() {
        sort_by_name(files_);
        return {request_.folder,
                files_,
                facts_.download.name,
                facts_.image.size,
                facts_.image.sha256,
                mapped_,
                facts_.packages.size(),
                signer_ != nullptr,
                signer_ ? signer_->key_id() : "",
                facts_.card};
    }

    void write(const std::string& name, const std::string& text) {
        supervision_.check();
        folder_.write(name, as_bytes(text));
        files_.push_back({name, text.size(), hex(sha256(as_bytes(text)))});
    }

    /// A file that is written already.
    void keep(OutputFile& file, const std::string& name) {
        file.commit(request_.sync);
        const auto input = InputFile::open_file(place(name));
        files_.push_back({name, input->size(), hex(digest_of(*input, supervision_))});
    }

    const ReleaseRequest& request_;
    const Manifest& manifest_;
    const Supervision& supervision_;
    Compression compression_;
    OutputFolder folder_;
    std::unique_ptr<Signer> signer_;
    ReleaseFacts facts_;
    std::vector<ReleaseFile> files_;
    std::uint64_t mapped_ = 0;
};

}  // namespace

Release release(const ReleaseRequest& request, const Supervision& supervision) {
    const FileSizeSignalHeld held;
    const Manifest manifest = request.manifest.load();
    check_request(request, manifest);
    Work work(request, manifest, supervision);
    Release made = work.run();
    work.give_name(made);
    return made;
}

}  // namespace rpixen
