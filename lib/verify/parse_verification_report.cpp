#include <charconv>

#include <nlohmann/json.hpp>

#include <rpixen/error.hpp>

#include "base/size.hpp"
#include "card/identifier.hpp"
#include "verify/recorded_digests.hpp"
#include "verify/verification_report.hpp"

namespace rpixen {
namespace {

using Json = nlohmann::ordered_json;

/// What makes a report no report; the caller adds the file's name.
struct Damage {
    std::string message;
};

std::optional<std::string> bytes_of(std::string_view hex_digits) {
    if (hex_digits.size() % 2 != 0) return std::nullopt;
    std::string bytes;
    for (std::size_t place = 0; place < hex_digits.size(); place += 2) {
        unsigned char byte = 0;
        const char* const begin = hex_digits.data() + place;
        const auto [end, failure] = std::from_chars(begin, begin + 2, byte, 16);
        if (failure != std::errc{} || end != begin + 2) return std::nullopt;
        bytes += static_cast<char>(byte);
    }
    return bytes;
}

std::string hex_field(const Json& json, const std::string& key) {
    const auto bytes = bytes_of(json.at(key).get_ref<const std::string&>());
    if (!bytes) throw Damage{key + " is not in hexadecimal digits"};
    return *bytes;
}

std::string bytes_field(const Json& json, const std::string& key) {
    return json.contains(key) ? json.at(key).get<std::string>() : hex_field(json, key + "_hex");
}

std::uint64_t unsigned_field(const Json& json, const std::string& key, std::uint64_t most) {
    const Json& field = json.at(key);
    if (!field.is_number_unsigned() || field.get<std::uint64_t>() > most) throw Damage{key + " is out of range"};
    return field.get<std::uint64_t>();
}

std::uint64_t text_number(const Json& json, const std::string& key, int base, std::uint64_t most) {
    std::string_view text = json.at(key).get_ref<const std::string&>();
    if (text.starts_with("0x")) text.remove_prefix(2);
    std::uint64_t value = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (failure != std::errc{} || end != text.data() + text.size() || value > most)
        throw Damage{key + " is no such number"};
    return value;
}

Sha256Digest digest_field(const Json& json) {
    const std::string bytes = hex_field(json, "sha256");
    Sha256Digest digest{};
    if (bytes.size() != digest.size()) throw Damage{"sha256 does not have 64 digits"};
    std::copy_n(as_bytes(bytes).begin(), digest.size(), digest.begin());
    return digest;
}

Metadata metadata_of(const Json& json) {
    constexpr std::uint64_t most = std::numeric_limits<std::uint32_t>::max();
    Metadata metadata;
    metadata.mode = static_cast<std::uint16_t>(text_number(json, "mode", 8, 07777));
    metadata.uid = static_cast<std::uint32_t>(unsigned_field(json, "uid", most));
    metadata.gid = static_cast<std::uint32_t>(unsigned_field(json, "gid", most));
    metadata.mtime.seconds = json.at("mtime").get<std::int64_t>();
    if (json.contains("mtime_ns"))
        metadata.mtime.nanoseconds = static_cast<std::uint32_t>(unsigned_field(json, "mtime_ns", 999'999'999));
    return metadata;
}

void add_file(FileTree& tree, RecordedDigests& digests, const std::shared_ptr<RecordedDigests>& source,
              const Json& json) {
    constexpr std::uint64_t most = std::numeric_limits<std::uint32_t>::max();
    const std::string path = bytes_field(json, "path");
    const std::string& type = json.at("type").get_ref<const std::string&>();
    const FileTree::Place place = tree.locate(path, false);
    if (type == "link") {
        const auto node = tree.find(bytes_field(json, "link"));
        if (!node) throw Damage{"a link leads to a file that was not named before"};
        tree.add_link(place, *node);
        return;
    }
    const Metadata metadata = metadata_of(json);
    XattrSet xattrs;
    if (json.contains("xattrs"))
        for (const Json& attribute : json.at("xattrs"))
            xattrs.emplace_back(bytes_field(attribute, "name"), hex_field(attribute, "value_hex"));
    const auto device = [&](NodeType kind) {
        tree.add_device(place, metadata, kind, static_cast<std::uint32_t>(unsigned_field(json, "major", most)),
                        static_cast<std::uint32_t>(unsigned_field(json, "minor", most)), std::move(xattrs));
    };
    if (type == name_of(NodeType::directory)) {
        tree.add_directory(place, metadata, std::move(xattrs));
    } else if (type == name_of(NodeType::file)) {
        const std::uint64_t size = unsigned_field(json, "size", std::numeric_limits<std::int64_t>::max());
        const Content content = size > 0 ? Content{source, digests.add(digest_field(json)), size} : Content{};
        tree.add_file(place, metadata, content, std::move(xattrs));
    } else if (type == name_of(NodeType::symlink)) {
        tree.add_symlink(place, metadata, bytes_field(json, "target"), std::move(xattrs));
    } else if (type == name_of(NodeType::character_device)) {
        device(NodeType::character_device);
    } else if (type == name_of(NodeType::block_device)) {
        device(NodeType::block_device);
    } else if (type == name_of(NodeType::fifo)) {
        tree.add_special(place, metadata, NodeType::fifo, std::move(xattrs));
    } else if (type == name_of(NodeType::socket)) {
        tree.add_special(place, metadata, NodeType::socket, std::move(xattrs));
    } else {
        throw Damage{"a file has the unknown type " + type};
    }
}

Partition partition_of(const Json& json, const std::shared_ptr<RecordedDigests>& digests) {
    constexpr std::uint64_t most = std::numeric_limits<std::int64_t>::max();
    Partition plan;
    plan.name = json.at("name").get<std::string>();
    plan.range.begin = unsigned_field(json, "offset", most);
    plan.range.end = plan.range.begin + unsigned_field(json, "size", most);
    plan.mbr_type = static_cast<std::uint8_t>(text_number(json, "type", 16, 0xff));
    plan.active = json.at("active").get<bool>();
    const std::string kind = json.at("file_system").get<std::string>();
    if (kind == "prebuilt") {
        plan.file_system = Copied{};
        plan.copied()->content = {digests, digests->add(digest_field(json)),
                                  unsigned_field(json, "content_size", most)};
        return plan;
    }
    const std::string identifier = json.at("identifier").get<std::string>();
    if (kind == "fat32") {
        plan.file_system = Fat{};
        plan.fat()->label = bytes_field(json, "label");
        const auto id = parse_volume_id(identifier);
        if (!id) throw Damage{"identifier is no number of a FAT volume (DEAD-BEEF)"};
        plan.fat()->volume_id = *id;
    } else if (kind == "ext4") {
        plan.file_system = Ext{};
        plan.ext()->label = bytes_field(json, "label");
        const auto uuid = parse_uuid(identifier);
        if (!uuid) throw Damage{"identifier is no UUID"};
        plan.ext()->uuid = *uuid;
    } else {
        throw Damage{"unknown file_system " + kind};
    }
    for (const Json& file : json.at("files")) add_file(plan.tree, *digests, digests, file);
    return plan;
}

}  // namespace

Card parse_verification_report(std::string_view text, const std::string& file) {
    const auto refuse = [&](const std::string& message) -> Error {
        Problem problem;
        problem.message = "is no report for verify";
        problem.found = message;
        problem.allowed = "a file that `compose --report` wrote";
        problem.location.file = file;
        return Error(ErrorCode::artifact, std::move(problem));
    };
    try {
        const Json json = Json::parse(text);
        if (json.at("verification_report") != 1) throw Damage{"another version of the format"};
        Card plan;
        plan.size = unsigned_field(json, "size", std::numeric_limits<std::int64_t>::max());
        plan.disk_signature = static_cast<std::uint32_t>(
            text_number(json, "disk_signature", 16, std::numeric_limits<std::uint32_t>::max()));
        const auto digests = std::make_shared<RecordedDigests>(file);
        for (const Json& partition : json.at("partitions")) plan.partitions.push_back(partition_of(partition, digests));
        return plan;
    } catch (const nlohmann::json::exception& failure) {
        throw refuse(failure.what());
    } catch (const Damage& damage) {
        throw refuse(damage.message);
    } catch (const Error& error) {
        throw refuse(error.problems().front().text());
    }
}

}  // namespace rpixen
