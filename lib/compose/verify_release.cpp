#include <algorithm>
#include <atomic>
#include <optional>

#include <rpixen/release.hpp>

#include "artifact/pin.hpp"
#include "base/host_signals.hpp"
#include "base/size.hpp"
#include "card/image_file.hpp"
#include "compose/decide.hpp"
#include "compose/release_folder.hpp"
#include "format/parse_bmap.hpp"
#include "pack/block_compressor.hpp"
#include "release/checksums.hpp"
#include "release/provenance.hpp"
#include "release/signature.hpp"
#include "verify/file_digest.hpp"
#include "verify/verification_report.hpp"
#include "verify/verify_image.hpp"

namespace rpixen {
namespace {

/// Far above what a release's documents take; a root of half a million files has a report of some 100 MB.
constexpr std::uint64_t largest_document = GiB;
constexpr std::uint64_t largest_signature = 64 * KiB;

/// Holds one release against itself, from the signature inwards.
class Proof {
  public:
    Proof(const VerifyReleaseRequest& request, const Supervision& supervision)
        : request_(request), supervision_(supervision), files_(read_checksums(request.folder)) {
        if (!request.key.empty()) key_ = SignatureProof::read(request.key);
    }

    ReleaseVerification run() {
        prove_signature();
        prove_files();
        if (found_.differences.empty()) prove_image();
        if (found_.differences.empty()) prove_statement();
        return std::move(found_);
    }

  private:
    std::string place(std::string_view name) const { return request_.folder + "/" + std::string(name); }

    void differ(std::string_view file, const std::string& what, const std::string& expected, const std::string& found) {
        found_.differences.push_back({"", std::string(file), what, expected, found});
    }

    /// The file of the release that ends like that; null where there is none.
    const ReleaseFile* file_with(std::string_view suffix) const {
        for (const ReleaseFile& file : files_)
            if (file.name.ends_with(suffix)) return &file;
        return nullptr;
    }

    std::string text_of(const std::string& name, std::uint64_t largest) const {
        return read_text_file(place(name), largest, "a document of a release");
    }

    void prove_signature() {
        const std::vector<std::string> names = names_in(request_.folder);
        const bool is_signed = std::binary_search(names.begin(), names.end(), std::string(signature_name));
        if (!key_) {
            found_.notes.push_back(is_signed ? "signatures were not looked at: give --key"
                                             : "the release is not signed");
        } else if (!is_signed) {
            differ(signature_name, "missing", "a signature", "");
        } else if (key_->proves(as_bytes(text_of(std::string(checksums_name), largest_document)),
                                as_bytes(text_of(std::string(signature_name), largest_signature)))) {
            found_.proven.push_back("SHA256SUMS is signed by this key");
        } else {
            differ(signature_name, "signature", "one of this key over SHA256SUMS", "another");
        }
    }

    void prove_files() {
        for (const std::string& name : names_in(request_.folder)) {
            const bool listed = name == checksums_name || name == signature_name ||
                                std::any_of(files_.begin(), files_.end(),
                                            [&](const ReleaseFile& file) { return file.name == name; });
            if (!listed) differ(name, "unexpected", "", "a file that SHA256SUMS does not list");
        }
        for (ReleaseFile& file : files_) prove_file(file);
        if (found_.differences.empty())
            found_.proven.push_back("all " + std::to_string(files_.size()) + " files have the digests in SHA256SUMS");
    }

    void prove_file(ReleaseFile& file) {
        std::shared_ptr<const InputFile> input;
        try {
            input = InputFile::open_file(place(file.name));
        } catch (const Error& error) {
            return differ(file.name, "missing", "a file", error.problems().front().found);
        }
        file.size = input->size();
        const std::string digest = hex(digest_of(*input, supervision_));
        if (digest != file.sha256) differ(file.name, "content", file.sha256, digest);
    }

    void prove_image() {
        const ReleaseFile* download = file_with(image_suffix);
        for (const Compression compression : compressions)
            if (!download) download = file_with(std::string(image_suffix) + "." + suffix_of(compression));
        if (!download) return differ("", "missing", "an image", "");
        const ImageFile image = open_image_file(place(download->name), scratch_folder, supervision_);
        const std::string name = download->name.substr(0, download->name.rfind(image_suffix) + image_suffix.size());
        image_ = {name, image.file->size(), hex(digest_of(*image.file, supervision_))};
        prove_block_map(*image.file);
        if (const ReleaseFile* report = file_with(report_suffix)) {
            const Card plan = parse_verification_report(text_of(report->name, largest_document), report->name);
            const Verification verification = verify_open_image(plan, image.file, VerifyForm::full, supervision_);
            found_.differences.insert(found_.differences.end(), verification.differences.begin(),
                                      verification.differences.end());
            if (verification.differences.empty())
                found_.proven.push_back("the image holds what its report says: " + std::to_string(verification.files) +
                                        " files");
        }
    }

    void prove_statement() {
        const ReleaseFile* file = file_with(statement_suffix);
        if (!file) return differ("", "missing", "a provenance", "");
        const auto found = parse_envelope(text_of(file->name, largest_document));
        const auto subjects = found ? subjects_of(found->payload) : std::nullopt;
        if (!subjects || found->payload_type != statement_type)
            return differ(file->name, "form", "a DSSE envelope with an in-toto statement", "something else");
        if (key_) prove_envelope(file->name, *found);
        for (const ReleaseFile& subject : *subjects) {
            const auto known = std::find_if(files_.begin(), files_.end(),
                                            [&](const ReleaseFile& other) { return other.name == subject.name; });
            const ReleaseFile* held = known != files_.end() ? &*known : subject.name == image_.name ? &image_ : nullptr;
            if (!held)
                differ(file->name, "subject", "a file of the release", subject.name);
            else if (held->sha256 != subject.sha256)
                differ(file->name, "subject " + subject.name, held->sha256, subject.sha256);
        }
        if (found_.differences.empty())
            found_.proven.push_back("the provenance speaks of these files: " + std::to_string(subjects->size()));
    }

    void prove_envelope(const std::string& name, const Envelope& envelope) {
        const std::string message = pre_authentication_encoding(envelope.payload_type, envelope.payload);
        const bool proven = std::any_of(
            envelope.signatures.begin(), envelope.signatures.end(),
            [&](const Bytes& signature) { return key_->proves(as_bytes(message), signature); });
        if (proven)
            found_.proven.push_back("the provenance is signed by this key");
        else
            differ(name, "signature", "one of this key", envelope.signatures.empty() ? "none" : "another");
    }

    void prove_block_map(const InputFile& image) {
        const ReleaseFile* file = file_with(block_map_suffix);
        if (!file) return differ("", "missing", "a block map", "");
        const auto map = parse_bmap(text_of(file->name, BlockMap::most_bytes), file->name);
        if (!map) return differ(file->name, "form", "a block map of version 2 with SHA-256", "another");
        if (map->image_size != image.size())
            return differ(file->name, "size", std::to_string(image.size()), std::to_string(map->image_size));
        for (const DigestedRange& range : map->ranges) {
            std::atomic<std::uint64_t> read{0};
            const Content part = part_of(image.content(), range.bytes.begin, range.bytes.size());
            const std::string digest = hex(content_digest(part, supervision_, read));
            if (digest != hex(range.digest))
                differ(file->name, "range at " + std::to_string(range.bytes.begin), hex(range.digest), digest);
        }
        if (found_.differences.empty())
            found_.proven.push_back(
                "the block map has the digests of the image: " + std::to_string(map->ranges.size()) + " ranges");
    }

    const VerifyReleaseRequest& request_;
    const Supervision& supervision_;
    std::vector<ReleaseFile> files_;
    std::optional<SignatureProof> key_;
    ReleaseFile image_;  ///< unpacked
    ReleaseVerification found_;
};

}  // namespace

ReleaseVerification verify_release(const VerifyReleaseRequest& request, const Supervision& supervision) {
    const FileSizeSignalHeld held;
    return Proof(request, supervision).run();
}

}  // namespace rpixen
