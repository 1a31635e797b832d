#include "format/fit_image.hpp"

#include <algorithm>

#include "base/budget.hpp"
#include "base/bytes.hpp"

namespace rpixen {
namespace {

// Devicetree Specification 0.4, chapter 5.
constexpr std::uint32_t magic = 0xd00dfeed;
constexpr std::size_t header_size = 40;
constexpr std::uint32_t begin_node = 1;
constexpr std::uint32_t end_node = 2;
constexpr std::uint32_t prop = 3;
constexpr std::uint32_t nop = 4;
constexpr std::uint64_t largest_value = 64 * KiB;  // of a property that is looked at
/// Steps are tags, bytes those of the strings.
constexpr Budget budget{.of = "a FIT image", .steps = 100'000, .bytes = 1 * MiB};
constexpr std::size_t longest_name = 256;

std::vector<std::string> strings_of(ByteView value) {
    std::vector<std::string> strings;
    std::string_view text = as_text(value);
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\0'), text.size());
        strings.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return strings;
}

std::optional<std::uint64_t> number_of(ByteView value) {
    if (value.size() == 4) return load_be<std::uint32_t>(value.data());
    if (value.size() == 8) return load_be<std::uint64_t>(value.data());
    return std::nullopt;
}

/// Walks the structure block without reading the images' data.
class Walker {
  public:
    explicit Walker(const Content& file) : file_(file), open_(file.open()) {}

    std::optional<FitImage> walk() {
        Bytes header(header_size);
        if (!read(0, header) || load_be<std::uint32_t>(header.data()) != magic) return std::nullopt;
        total_ = load_be<std::uint32_t>(&header[4]);
        std::uint64_t place = load_be<std::uint32_t>(&header[8]);
        const std::uint64_t strings_begin = load_be<std::uint32_t>(&header[12]);
        const std::uint64_t strings_size = load_be<std::uint32_t>(&header[32]);
        if (strings_size > budget.bytes) return std::nullopt;
        strings_.resize(static_cast<std::size_t>(strings_size));
        if (!read(strings_begin, strings_)) return std::nullopt;
        Bytes word(4);
        for (Spending spent(budget);; spent.steps()) {
            if (!spent.has_left()) return std::nullopt;
            if (!read(place, word)) return std::nullopt;
            place += 4;
            const auto token = load_be<std::uint32_t>(word.data());
            if (token == begin_node) {
                if (!enter(place)) return std::nullopt;
            } else if (token == end_node) {
                if (path_.empty()) return std::nullopt;
                path_.pop_back();
                if (path_.empty()) break;
            } else if (token == prop) {
                if (!property(place)) return std::nullopt;
            } else if (token != nop) {
                return std::nullopt;
            }
        }
        if (fit_.parts.empty()) return std::nullopt;
        return std::move(fit_);
    }

  private:
    bool read(std::uint64_t offset, MutableBytes out) {
        if (offset > file_.size || out.size() > file_.size - offset) return false;
        if (!out.empty()) open_->read(offset, out);
        return true;
    }

    bool enter(std::uint64_t& place) {
        Bytes name(static_cast<std::size_t>(std::min<std::uint64_t>(longest_name, file_.size - place)));
        if (!read(place, name)) return false;
        const std::string text(as_text(name).substr(0, as_text(name).find('\0')));
        if (text.size() == name.size()) return false;
        place = align_up(place + text.size() + 1, 4);
        path_.push_back(text);
        if (path_.size() == 3 && path_[1] == "images") fit_.parts.push_back({text, {}, {}, {}, {}, {}});
        if (path_.size() == 3 && path_[1] == "configurations") fit_.configurations.push_back({text, {}, {}, {}, {}});
        return true;
    }

    bool property(std::uint64_t& place) {
        Bytes head(8);
        if (!read(place, head)) return false;
        const std::uint64_t length = load_be<std::uint32_t>(head.data());
        const std::uint64_t name_begin = load_be<std::uint32_t>(&head[4]);
        const std::uint64_t begin = place + 8;
        if (length > file_.size - std::min(begin, file_.size) || name_begin >= strings_.size()) return false;
        place = align_up(begin + length, 4);
        const std::string_view rest = as_text(strings_).substr(static_cast<std::size_t>(name_begin));
        const std::string name(rest.substr(0, rest.substr(0, longest_name).find('\0')));
        Bytes value;
        if (name != "data" && length <= largest_value) {
            value.resize(static_cast<std::size_t>(length));
            if (!read(begin, value)) return false;
        }
        if (path_.size() == 2 && path_[1] == "configurations" && name == "default")
            fit_.default_configuration = text_of(value);
        if (path_.size() == 3 && path_[1] == "images") of_part(name, value, {begin, begin + length});
        if (path_.size() == 3 && path_[1] == "configurations") of_configuration(name, value);
        return true;
    }

    static std::string text_of(ByteView value) {
        const auto strings = strings_of(value);
        return strings.empty() ? std::string() : strings.front();
    }

    void of_part(const std::string& name, ByteView value, const Range& place) {
        FitPart& part = fit_.parts.back();
        const auto number = number_of(value);
        if (name == "type") part.type = text_of(value);
        if (name == "arch") part.architecture = text_of(value);
        if (name == "compression") part.compression = text_of(value);
        if (name == "load") part.load = number;
        if (name == "data") part.data = place;
        if (!number) return;
        // Data behind the tree (mkimage -E). The size may come before the place or after it.
        std::uint64_t begin = part.data.begin;
        std::uint64_t size = part.data.size();
        if (name == "data-position") begin = *number;
        if (name == "data-offset") begin = align_up(total_, 4) + *number;
        if (name == "data-size") size = *number;
        begin = std::min(begin, file_.size);
        const std::uint64_t left = file_.size - begin;
        part.data = {begin, begin + std::min(size, left)};
    }

    void of_configuration(const std::string& name, ByteView value) {
        FitConfiguration& configuration = fit_.configurations.back();
        if (name == "kernel") configuration.kernel = text_of(value);
        if (name == "ramdisk") configuration.ramdisk = text_of(value);
        if (name == "fdt") configuration.tree = text_of(value);
        if (name == "loadables") configuration.loadables = strings_of(value);
    }

    const Content& file_;
    std::unique_ptr<OpenContent> open_;
    std::uint64_t total_ = 0;
    Bytes strings_;
    std::vector<std::string> path_;  ///< the root is ""
    FitImage fit_;
};

}  // namespace

const FitPart* FitImage::find(const std::string& name) const {
    const auto found = std::find_if(parts.begin(), parts.end(), [&](const FitPart& part) { return part.name == name; });
    return found == parts.end() ? nullptr : &*found;
}

const FitConfiguration* FitImage::configuration(const std::string& name) const {
    const std::string& wanted = name.empty() ? default_configuration : name;
    const auto found = std::find_if(configurations.begin(), configurations.end(),
                                    [&](const FitConfiguration& one) { return one.name == wanted; });
    if (found != configurations.end()) return &*found;
    return name.empty() && !configurations.empty() ? &configurations.front() : nullptr;
}

std::optional<FitImage> parse_fit_image(const Content& file) {
    if (!file.source || file.size < header_size) return std::nullopt;
    return Walker(file).walk();
}

}  // namespace rpixen
