#include "flash/mismatch.hpp"

#include <algorithm>
#include <optional>

#include <rpixen/error.hpp>

#include "flash/image_reading.hpp"
#include "flash/page_buffer.hpp"

namespace rpixen {
namespace {

bool same(ByteView a, ByteView b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

/// All bytes are one: it says nothing of where it comes from.
bool plain(ByteView bytes) {
    return same(bytes.first(bytes.size() - 1), bytes.last(bytes.size() - 1));
}

class Explanation {
  public:
    Explanation(CardDevice& device, const CardContent& content)
        : device_(device), size_(content.image.size), image_(content.image.open()) {}

    /// The first page of a part that is not what it should be, which stays in found_.
    std::optional<Range> first_difference(Range part) {
        for (Range page : pages(part)) {
            const MutableBytes wanted = wanted_.first(static_cast<std::size_t>(page.size()));
            const MutableBytes found = found_.first(static_cast<std::size_t>(page.size()));
            read_image(*image_, size_, page, wanted);
            device_.read(page.begin, found);
            if (!same(wanted, found)) return page;
        }
        return std::nullopt;
    }

    /// Another page whose bytes stand in found_.
    std::optional<Range> owner(const std::vector<Range>& parts, Range differing) {
        const MutableBytes found = found_.first(static_cast<std::size_t>(differing.size()));
        if (plain(found)) return std::nullopt;
        for (const Range& part : parts)
            for (const Range& page : pages(part)) {
                if (page == differing || page.size() != differing.size()) continue;
                const MutableBytes other = wanted_.first(found.size());
                read_image(*image_, size_, page, other);
                if (same(other, found)) return page;
            }
        return std::nullopt;
    }

    /// Whether what is written at `to` is then read at `from`.
    bool appears(Range to, Range from) {
        const MutableBytes bytes = wanted_.first(static_cast<std::size_t>(to.size()));
        for (std::size_t index = 0; index < bytes.size(); ++index)
            bytes[index] = static_cast<std::byte>((to.begin >> (index % 8 * 8)) ^ index * 151 ^ index >> 8);
        const MutableBytes found = found_.first(bytes.size());
        device_.write(to.begin, bytes);
        device_.settle();
        device_.read(from.begin, found);
        return same(bytes, found);
    }

  private:
    static std::vector<Range> pages(Range part) {
        std::vector<Range> result;
        for (std::uint64_t begin = part.begin; begin < part.end; begin += PageBuffer::page)
            result.push_back({begin, std::min(part.end, begin + PageBuffer::page)});
        return result;
    }

    CardDevice& device_;
    std::uint64_t size_;
    std::unique_ptr<OpenContent> image_;
    PageBuffer wanted_{PageBuffer::page};
    PageBuffer found_{PageBuffer::page};
};

std::string byte(std::uint64_t place) {
    return "byte " + std::to_string(place);
}

}  // namespace

void explain_mismatch(CardDevice& device, const CardContent& content, const std::vector<Range>& parts, Range bad) {
    Explanation explanation(device, content);
    const auto page = explanation.first_difference(bad);
    if (!page)
        throw Error(ErrorCode::io, device.name() + " gave back other bytes than were written, and then the right ones",
                    "in bytes " + std::to_string(bad.begin) + " to " + std::to_string(bad.end - 1), {},
                    "the card, its reader or the cable fails: try others");
    const auto owner = explanation.owner(parts, *page);
    if (owner && explanation.appears(*owner, *page))
        throw Error(ErrorCode::io, device.name() + " has fewer bytes than it says",
                    "what is written to " + byte(owner->begin) + " replaces " + byte(page->begin),
                    "a card that keeps the " + std::to_string(device.size()) + " bytes that it promises",
                    "do not use this card, it is forged or fails (f3probe measures what it really holds)");
    const bool kept = explanation.appears(*page, *page);
    throw Error(ErrorCode::io, device.name() + " did not keep what was written",
                "other bytes from " + byte(page->begin) + " on" + (kept ? "" : ", also after another try"), {},
                "the card fails, or has fewer bytes than it says (f3probe measures that): try another");
}

}  // namespace rpixen
