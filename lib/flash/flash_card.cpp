#include "flash/flash_card.hpp"

#include <algorithm>

#include <rpixen/error.hpp>

#include "flash/card_parts.hpp"
#include "flash/image_reading.hpp"
#include "flash/mismatch.hpp"
#include "flash/part_reader.hpp"
#include "format/unfinished_card.hpp"

namespace rpixen {
namespace {

std::string mebibytes(std::uint64_t bytes) {
    return std::to_string(bytes / MiB) + " MiB (" + std::to_string(bytes) + " bytes)";
}

void check_room(const CardDevice& device, const CardContent& content) {
    if (content.image.size <= device.size()) return;
    throw Error(ErrorCode::unfit, "the image is larger than " + device.name(), mebibytes(content.image.size),
                "at most " + mebibytes(device.size()), "take a larger card, or make the image smaller");
}

class CardWriter {
  public:
    CardWriter(CardDevice& device, const CardContent& content, bool skip_equal, const Supervision& supervision)
        : device_(device),
          content_(content),
          skip_equal_(skip_equal),
          supervision_(supervision),
          parts_(card_parts(content.ranges, content.image.size, device.size())),
          head_(static_cast<std::size_t>(parts_[0].size())) {
        for (const Range& part : parts_) total_ += part.size();
    }

    CardWritten run() {
        try {
            write();
            read_back();
        } catch (...) {
            if (begun_) give_up();
            throw;
        }
        return result_;
    }

  private:
    void write() {
        supervision_.begin(Phase::writing, total_, device_.name());
        const auto image = content_.image.open();
        ImageProof proof(content_);
        PartReader reader(parts_,
                          [&](Range place, MutableBytes out) { read_image(*image, content_.image.size, place, out); });
        std::uint64_t done = 0;
        while (const auto part = reader.next()) {
            supervision_.check();
            proof.take(part->place, part->bytes);
            digests_.push_back(sha256(part->bytes));
            if (part->place.begin == 0)
                std::copy(part->bytes.begin(), part->bytes.end(), head_.all().begin());
            else
                write_part(part->place, part->bytes);
            supervision_.advance(done += part->place.size());
        }
        image->check_unchanged();
        if (begun_ || !equal(parts_[0], head_.all())) write_head();
    }

    void write_part(Range place, ByteView bytes) {
        if (equal(place, bytes)) return;
        begin_writing();
        device_.write(place.begin, bytes);
        result_.written += place.size();
    }

    /// What is there already, where that is to be looked at.
    bool equal(Range place, ByteView bytes) {
        if (!skip_equal_) return false;
        const MutableBytes found = found_.first(bytes.size());
        device_.read(place.begin, found);
        return std::equal(bytes.begin(), bytes.end(), found.begin());
    }

    void begin_writing() {
        if (begun_) return;
        begun_ = true;
        mark_unfinished();
    }

    void mark_unfinished() {
        PageBuffer head(head_.all().size());
        const ByteView text = as_bytes(unfinished_card);
        std::copy(text.begin(), text.end(), head.all().begin());
        device_.write(0, head.all());
        device_.settle();
    }

    void write_head() {
        begin_writing();
        supervision_.begin(Phase::syncing, 0, device_.name());
        device_.settle();
        supervision_.check();
        const std::size_t first = std::min(PageBuffer::page, head_.all().size());
        if (first < head_.all().size()) {
            device_.write(first, head_.all().subspan(first));
            device_.settle();
        }
        device_.write(0, head_.first(first));
        device_.settle();
        result_.written += head_.all().size();
    }

    void read_back() {
        if (const auto bad = first_changed_part()) {
            begun_ = true;  // also where nothing had to be written: it no longer holds what it held a moment ago
            explain_mismatch(device_, content_, parts_, *bad);
        }
    }

    std::optional<Range> first_changed_part() {
        supervision_.begin(Phase::verifying, total_, device_.name());
        PartReader reader(parts_, [&](Range place, MutableBytes out) { device_.read(place.begin, out); });
        for (const Sha256Digest& digest : digests_) {
            supervision_.check();
            const auto part = reader.next();
            if (sha256(part->bytes) != digest) return part->place;
            supervision_.advance(result_.verified += part->place.size());
        }
        return std::nullopt;
    }

    /// The card says again that it is not finished; where that fails too nothing is left to do.
    void give_up() noexcept {
        try {
            mark_unfinished();
        } catch (...) {
        }
    }

    CardDevice& device_;
    const CardContent& content_;
    bool skip_equal_;
    const Supervision& supervision_;
    std::vector<Range> parts_;
    std::vector<Sha256Digest> digests_;  ///< by part
    PageBuffer head_;
    PageBuffer found_{largest_part};
    std::uint64_t total_ = 0;  ///< bytes of all parts
    bool begun_ = false;       ///< something was written
    CardWritten result_;
};

}  // namespace

CardWritten flash_card(CardDevice& device, const CardContent& content, bool skip_equal,
                       const Supervision& supervision) {
    check_room(device, content);
    return CardWriter(device, content, skip_equal, supervision).run();
}

}  // namespace rpixen
