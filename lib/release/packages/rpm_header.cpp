#include <algorithm>
#include <optional>

#include "release/packages/package_readers.hpp"

namespace rpixen {
namespace {

/// Tags and types of rpm's include/rpm/rpmtag.h.
enum class Tag : std::uint32_t {
    name = 1000,
    version = 1001,
    release = 1002,
    epoch = 1003,
    vendor = 1011,
    licence = 1014,
    packager = 1015,
    architecture = 1022,
    source_package = 1044,
};
constexpr std::uint32_t type_int32 = 4;
constexpr std::uint32_t type_string = 6;

constexpr std::uint32_t most_entries = 65'535;  // rpm's own bound (lib/header.cc, hdrchkTags)

/// A header's index and data. All numbers are big-endian:
///   offset 0, 4 bytes: entries of the index
///   offset 4, 4 bytes: bytes of data
///   offset 8: the entries, 16 bytes each: tag, type, offset in the data, count
///   then the data
class Header {
  public:
    static std::optional<Header> of(ByteView bytes) {
        if (bytes.size() < preamble) return std::nullopt;
        const auto entries = load_be<std::uint32_t>(bytes.data());
        const auto data = load_be<std::uint32_t>(&bytes[4]);
        if (entries == 0 || entries > most_entries) return std::nullopt;
        const ByteView rest = bytes.subspan(preamble);
        if (rest.size() < std::size_t{entries} * entry_size) return std::nullopt;
        const ByteView behind = rest.subspan(std::size_t{entries} * entry_size);
        if (behind.size() < data) return std::nullopt;
        return Header(rest.first(std::size_t{entries} * entry_size), behind.first(data));
    }

    /// Empty where there is none.
    std::string text(Tag tag) const {
        const auto place = find(tag, type_string);
        if (!place) return {};
        const std::string_view rest = as_text(data_).substr(*place);
        const std::size_t end = rest.find('\0');
        return end == std::string_view::npos ? std::string() : std::string(rest.substr(0, end));
    }

    std::optional<std::uint32_t> number(Tag tag) const {
        const auto place = find(tag, type_int32);
        if (!place || data_.size() - *place < 4) return std::nullopt;
        return load_be<std::uint32_t>(&data_[*place]);
    }

  private:
    static constexpr std::size_t preamble = 8;
    static constexpr std::size_t entry_size = 16;

    Header(ByteView index, ByteView data) : index_(index), data_(data) {}

    /// Where the first entry of that tag and type has its data.
    std::optional<std::size_t> find(Tag tag, std::uint32_t type) const {
        for (std::size_t at = 0; at < index_.size(); at += entry_size) {
            if (load_be<std::uint32_t>(&index_[at]) != static_cast<std::uint32_t>(tag)) continue;
            const auto offset = load_be<std::uint32_t>(&index_[at + 8]);
            const auto count = load_be<std::uint32_t>(&index_[at + 12]);
            if (load_be<std::uint32_t>(&index_[at + 4]) != type || count == 0 || offset >= data_.size())
                return std::nullopt;
            return offset;
        }
        return std::nullopt;
    }

    ByteView index_;
    ByteView data_;
};

struct SourcePackage {
    std::string name;
    std::string version;
};

/// Of "bash-5.2.15-1.fc38.src.rpm".
SourcePackage source_of(std::string_view file) {
    for (const std::string_view ending : {".src.rpm", ".nosrc.rpm"})
        if (file.ends_with(ending)) {
            const std::string_view all = file.substr(0, file.size() - ending.size());
            const std::size_t release = all.rfind('-');
            if (release == std::string_view::npos || release == 0) return {};
            const std::size_t version = all.rfind('-', release - 1);
            if (version == std::string_view::npos) return {};
            return {std::string(all.substr(0, version)), std::string(all.substr(version + 1))};
        }
    return {};
}

}  // namespace

void read_rpm_header(ByteView bytes, PackageCollector& found) {
    const auto header = Header::of(bytes);
    if (!header) {
        found.damaged();
        return;
    }
    InstalledPackage package;
    package.manager = "rpm";
    package.name = header->text(Tag::name);
    if (package.name == "gpg-pubkey") return;  // a key that rpm trusts, no package
    const std::string version = header->text(Tag::version);
    const std::string release = header->text(Tag::release);
    const std::string without_epoch = version.empty() || release.empty() ? std::string() : version + "-" + release;
    package.version = without_epoch;
    if (const auto epoch = header->number(Tag::epoch); epoch && !without_epoch.empty())
        package.version = std::to_string(*epoch) + ":" + without_epoch;
    package.architecture = header->text(Tag::architecture);
    package.licence = header->text(Tag::licence);
    package.maintainer = header->text(Tag::packager);
    if (package.maintainer.empty()) package.maintainer = header->text(Tag::vendor);
    SourcePackage source = source_of(header->text(Tag::source_package));
    package.source = std::move(source.name);
    // The file's name has no epoch, so only another version than the package's own says something.
    if (source.version != without_epoch) package.source_version = std::move(source.version);
    found.add(std::move(package));
}

}  // namespace rpixen
