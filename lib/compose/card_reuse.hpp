#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <rpixen/compose.hpp>

#include "artifact/root_file_system.hpp"
#include "backend/image_backend.hpp"
#include "card/card.hpp"
#include "compose/card_inputs.hpp"
#include "compose/root_record.hpp"
#include "fs/ext4/older_data.hpp"
#include "storage/output_file.hpp"
#include "verify/verification_report.hpp"

namespace rpixen {

/// Where the record of an image is kept.
std::string record_path(const std::string& image);

/// What compose() takes over from an older image, and what it keeps for the next one: the root file system's layers
/// where they are known to be the same without being read, and their data. docs/decisions/0014-reuse.md has what is
/// trusted and why. Anything that is not certain is no error: the card is composed anew, and note() tells why.
class CardReuse {
  public:
    /// Looks at the older image and its record. `output` was just opened: it tells the time of the file system.
    CardReuse(const ComposeRequest& request, const Manifest& manifest, const OutputFile& output);

    /// Whether the root file system comes from the older image.
    bool takes_over() const { return reason_.empty(); }
    /// Whether what was thrown came of the older image: then start_over(), and the card can be composed anew.
    bool gave_up() const { return gave_up_ || (older_ && older_->failed()); }
    void start_over();

    /// The root file system, its data still in the older image, where the back end takes it over; nothing where it does
    /// not, or the record turns out to be of no use. `offset`: of the root partition in the new image.
    std::optional<RootFileSystem> take_root(ImageBackend& backend, OutputFile& output, std::uint64_t offset);
    /// Digests of the root's inputs that are known without reading them.
    const ManifestDigests& known_digests() const { return known_; }

    /// What the layers made, before anything else of the card is added; `offset` as above.
    void keep(const RootFileSystem& root, std::uint64_t offset, const ManifestDigests& digests);
    /// The complete plan: throws, and gives up, where it needs what the older image does not have any more.
    void check(const Card& card);
    /// Everything was written: throws, and gives up, where the older image was changed meanwhile. `digests` are those
    /// of the root's files that were taken; they are known then.
    void finish(const FileDigests& digests);
    /// What the user should know.
    std::string note() const;

    /// Puts the record beside the image, which has its name now and still is what `written` says but for its ctime.
    /// Where anything is doubtful there is no record, and the next card is composed anew.
    void seal(const OutputFile& image, const FileIdentity& written) noexcept;

  private:
    void look_at_older();
    void look_at_inputs();
    void give_up(std::string reason);
    bool same_inputs() const;
    void write_record();

    const ComposeRequest& request_;
    std::vector<ArtifactReference> references_;
    FileIdentity start_;                     ///< of the new image when it was opened: its times are "now"
    std::vector<RootRecord::Input> inputs_;  ///< as they are now
    std::string cannot_keep_;                ///< why there will be no record; empty: there may be one
    std::string reason_;                     ///< why nothing is taken over; empty: the root is
    bool gave_up_ = false;
    OutputFile record_file_;
    std::optional<RootRecord> older_record_;
    std::shared_ptr<const InputFile> older_image_;
    std::shared_ptr<OlderData> older_;
    ManifestDigests known_;
    std::optional<RootRecord> next_;
    std::vector<bool> live_;  ///< by node: what keep() saw in the tree
};

}  // namespace rpixen
