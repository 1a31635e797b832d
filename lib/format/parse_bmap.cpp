#include "format/parse_bmap.hpp"

#include <algorithm>
#include <charconv>

#include "base/printable.hpp"
#include "base/text.hpp"

namespace rpixen {
namespace {

constexpr std::string_view blank = " \t\r\n";
constexpr std::uint64_t largest_image = 1024 * GiB;
constexpr std::size_t longest_told = 40;  // bytes of a foreign word in a message

[[noreturn]] void refuse(const std::string& name, std::string message, std::string_view found = {},
                         std::string allowed = {}) {
    throw Error(ErrorCode::artifact, name + ": " + std::move(message), printable(found.substr(0, longest_told)),
                std::move(allowed), "make the block map again, or remove it to flash without it");
}

/// The elements of the file, one after another.
class Elements {
  public:
    struct Tag {
        std::string_view name;
        std::string_view attributes;  ///< as they stand there
    };

    Elements(std::string_view text, const std::string& name) : text_(text), name_(name) {}

    /// Whether an element begins here, or the one around it ends.
    bool more() {
        skip();
        return !rest().starts_with("</") && !rest().empty();
    }
    Tag open() {
        skip();
        if (!rest().starts_with('<')) refuse(name_, "no element where one should be", rest());
        const std::size_t end = rest().find('>');
        if (end == std::string_view::npos) refuse(name_, "an element has no end", rest());
        const std::string_view inside = rest().substr(1, end - 1);
        place_ += end + 1;
        const std::size_t length = std::min(inside.find_first_of(blank), inside.size());
        return {inside.substr(0, length), inside.substr(length)};
    }
    /// The text of an element that holds nothing else, and its end.
    std::string_view content(const Tag& tag) {
        const std::size_t end = std::min(rest().find('<'), rest().size());
        const std::string_view text = trimmed(rest().substr(0, end));
        place_ += end;
        close(tag);
        return text;
    }
    void close(const Tag& tag) {
        skip();
        const std::string end = "</" + std::string(tag.name.substr(0, longest_told)) + ">";
        if (!rest().starts_with(end)) refuse(name_, "an element ends wrong", rest(), printable(end));
        place_ += end.size();
    }

  private:
    std::string_view rest() const { return text_.substr(place_); }

    /// Blanks, comments and the declaration.
    void skip() {
        for (;;) {
            place_ = std::min(text_.find_first_not_of(blank, place_), text_.size());
            const std::string_view end = rest().starts_with("<!--") ? "-->" : rest().starts_with("<?") ? "?>" : "";
            if (end.empty()) return;
            const std::size_t found = rest().find(end);
            if (found == std::string_view::npos) refuse(name_, "a comment has no end", rest());
            place_ += found + end.size();
        }
    }

    std::string_view text_;
    const std::string& name_;
    std::size_t place_ = 0;
};

/// Empty where the tag has none of that name.
std::string_view attribute(std::string_view attributes, std::string_view wanted) {
    for (;;) {
        attributes = trimmed(attributes);
        const std::size_t equals = attributes.find('=');
        if (equals == std::string_view::npos) return {};
        const std::string_view name = trimmed(attributes.substr(0, equals));
        attributes = trimmed(attributes.substr(equals + 1));
        if (attributes.empty() || (attributes[0] != '"' && attributes[0] != '\'')) return {};
        const std::size_t end = attributes.find(attributes[0], 1);
        if (end == std::string_view::npos) return {};
        if (name == wanted) return attributes.substr(1, end - 1);
        attributes.remove_prefix(end + 1);
    }
}

class Parser {
  public:
    Parser(std::string_view text, const std::string& name, const Budget& budget)
        : text_(text), name_(name), elements_(text, name), spending_(budget) {}

    std::optional<BlockMap> run() {
        const Elements::Tag top = elements_.open();
        if (top.name != "bmap") refuse(name_, "this is no block map", top.name, "an element \"bmap\"");
        if (!attribute(top.attributes, "version").starts_with("2.")) return std::nullopt;
        while (elements_.more()) {
            const Elements::Tag tag = elements_.open();
            if (tag.name == "BlockMap") {
                if (checksum_type_ != "sha256") return std::nullopt;
                read_ranges(tag);
            } else {
                spending_.steps();
                take(tag.name, elements_.content(tag));
            }
        }
        elements_.close(top);
        check_numbers();
        check_own_digest();
        return std::move(map_);
    }

  private:
    std::uint64_t number(std::string_view text, std::string_view of) {
        std::uint64_t value = 0;
        const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (failure != std::errc{} || end != text.data() + text.size())
            refuse(name_, std::string(of) + " is no number", text);
        return value;
    }

    Sha256Digest digest(std::string_view text) {
        Sha256Digest result{};
        for (std::size_t index = 0; index < result.size(); ++index) {
            unsigned value = 0;
            const char* begin = text.data() + 2 * index;
            if (text.size() != 2 * result.size() || std::from_chars(begin, begin + 2, value, 16).ptr != begin + 2)
                refuse(name_, "a digest is none", text, "64 hexadecimal digits");
            result[index] = static_cast<std::byte>(value);
        }
        return result;
    }

    void take(std::string_view element, std::string_view text) {
        if (element == "ImageSize") map_.image_size = number(text, element);
        if (element == "BlockSize") block_size_ = number(text, element);
        if (element == "BlocksCount") blocks_ = number(text, element);
        if (element == "MappedBlocksCount") mapped_ = number(text, element);
        if (element == "ChecksumType") checksum_type_ = text;
        if (element == "BmapFileChecksum") own_digest_ = text;
    }

    void read_ranges(const Elements::Tag& around) {
        check_geometry();
        while (elements_.more()) {
            spending_.steps();
            const Elements::Tag tag = elements_.open();
            if (tag.name != "Range") refuse(name_, "not a range", tag.name, "an element \"Range\"");
            const std::string_view sum = attribute(tag.attributes, "chksum");
            add_range(elements_.content(tag), digest(sum));
        }
        elements_.close(around);
    }

    void check_geometry() {
        const bool power_of_two = (block_size_ & (block_size_ - 1)) == 0;
        if (!power_of_two || block_size_ < 512 || block_size_ > MiB)
            refuse(name_, "no size of blocks", std::to_string(block_size_), "a power of two, 512 to 1048576");
        if (map_.image_size > largest_image)
            refuse(name_, "the image is larger than one can be", std::to_string(map_.image_size),
                   "at most " + format_size(largest_image));
        if (blocks_ == 0 || blocks_ != divide_up(map_.image_size, block_size_))
            refuse(name_, "the number of blocks is not that of the image", std::to_string(blocks_),
                   std::to_string(divide_up(map_.image_size, block_size_)));
    }

    /// "12-34", both included, or "12".
    void add_range(std::string_view text, const Sha256Digest& sum) {
        const std::size_t dash = text.find('-');
        const std::uint64_t first = number(trimmed(text.substr(0, dash)), "a range");
        const std::uint64_t last = dash == std::string_view::npos ? first
                                                                  : number(trimmed(text.substr(dash + 1)), "a range");
        if (first > last || last >= blocks_ || first < next_)
            refuse(name_, "the ranges do not ascend inside the image", text);
        next_ = last + 1;
        found_ += next_ - first;
        map_.ranges.push_back({{first * block_size_, std::min(next_ * block_size_, map_.image_size)}, sum});
    }

    void check_numbers() {
        check_geometry();
        if (found_ != mapped_)
            refuse(name_, "the ranges are not as long as it says", std::to_string(found_) + " blocks",
                   std::to_string(mapped_));
    }

    /// The digest is of the text with zeros in its own place.
    void check_own_digest() {
        const Sha256Digest said = digest(own_digest_);
        const auto begin = static_cast<std::size_t>(own_digest_.data() - text_.data());
        const Sha256Digest found = Sha256()
                                       .update(text_.substr(0, begin))
                                       .update(std::string(own_digest_.size(), '0'))
                                       .update(text_.substr(begin + own_digest_.size()))
                                       .finish();
        if (found != said) refuse(name_, "the block map was changed: its own checksum is wrong", hex(found), hex(said));
    }

    std::string_view text_;
    const std::string& name_;
    Elements elements_;
    Spending spending_;
    BlockMap map_;
    std::uint64_t block_size_ = 0;
    std::uint64_t blocks_ = 0;
    std::uint64_t mapped_ = 0;
    std::uint64_t found_ = 0;
    std::uint64_t next_ = 0;  ///< the first block that a range may begin with
    std::string_view checksum_type_;
    std::string_view own_digest_;
};

}  // namespace

std::optional<BlockMap> parse_bmap(std::string_view text, const std::string& name, const Budget& budget) {
    return Parser(text, name, budget).run();
}

}  // namespace rpixen
