#include "verify/verification_report.hpp"

#include <algorithm>
#include <atomic>
#include <map>

#include <nlohmann/json.hpp>

#include <rpixen/error.hpp>

#include "base/size.hpp"
#include "verify/card_reading.hpp"
#include "verify/file_digest.hpp"

namespace rpixen {
namespace {

using Json = nlohmann::ordered_json;

constexpr int report_version = 1;

bool is_utf8(std::string_view text) {
    for (std::size_t place = 0; place < text.size();) {
        const auto lead = static_cast<unsigned char>(text[place++]);
        if (lead < 0x80) continue;
        const int more = lead >= 0xc2 && lead < 0xe0   ? 1
                         : lead >= 0xe0 && lead < 0xf0 ? 2
                         : lead >= 0xf0 && lead < 0xf5 ? 3
                                                       : -1;
        if (more < 0) return false;
        std::uint32_t point = lead & (0x3fU >> more);
        for (int count = 0; count < more; ++count) {
            if (place == text.size()) return false;
            const auto next = static_cast<unsigned char>(text[place++]);
            if ((next & 0xc0) != 0x80) return false;
            point = point << 6 | (next & 0x3fU);
        }
        const bool overlong = (more == 2 && point < 0x800) || (more == 3 && point < 0x10000);
        if (overlong || point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) return false;
    }
    return true;
}

/// Names are bytes, JSON is UTF-8: what is none goes as "<key>_hex".
void put_bytes(Json& json, const std::string& key, std::string_view bytes) {
    if (is_utf8(bytes))
        json[key] = bytes;
    else
        json[key + "_hex"] = hex(as_bytes(bytes));
}

std::string number(std::uint64_t value, unsigned base_bits, const char* prefix, std::size_t digits) {
    std::string text;
    for (; value > 0 || text.size() < digits; value >>= base_bits)
        text.insert(text.begin(), "0123456789abcdef"[value & ((1U << base_bits) - 1)]);
    return prefix + text;
}

class Writer {
  public:
    Writer(const Partition& partition, const Supervision& supervision, FileDigests* digests)
        : plan_(partition), supervision_(supervision), digests_(digests) {}

    /// One file a line, so that two reports can be compared with diff.
    std::string files() {
        add(FileTree::root(), "/");
        add_directory(FileTree::root(), "");
        return std::move(lines_);
    }

  private:
    void add_directory(NodeId directory, const std::string& path) {
        for (const EntryId entry : plan_.tree.children(directory)) {
            const NodeId node = plan_.tree.entry_node(entry);
            const std::string name = path + "/" + std::string(plan_.tree.entry_name(entry));
            add(node, name);
            if (plan_.tree.type(node) == NodeType::directory) add_directory(node, name);
        }
    }

    void add(NodeId node, const std::string& path) {
        supervision_.check();
        const FileTree& tree = plan_.tree;
        Json json = Json::object();
        put_bytes(json, "path", path);
        if (tree.type(node) != NodeType::directory && tree.links(node) > 1) {
            const auto [first, is_new] = first_names_.emplace(node, path);
            if (!is_new) {
                json["type"] = "link";
                put_bytes(json, "link", first->second);
                return add_line(json);
            }
        }
        json["type"] = name_of(tree.type(node));
        const Metadata metadata = tree.metadata(node);
        json["mode"] = number(metadata.mode, 3, "0", 3);
        json["uid"] = metadata.uid;
        json["gid"] = metadata.gid;
        json["mtime"] = metadata.mtime.seconds;
        if (metadata.mtime.nanoseconds > 0) json["mtime_ns"] = metadata.mtime.nanoseconds;
        Json attributes = Json::array();
        for (const auto& [name, value] : tree.xattrs(node)) {
            Json attribute = Json::object();
            put_bytes(attribute, "name", name);
            attribute["value_hex"] = hex(as_bytes(value));
            attributes.push_back(std::move(attribute));
        }
        if (!attributes.empty()) json["xattrs"] = std::move(attributes);
        if (tree.type(node) == NodeType::symlink) put_bytes(json, "target", tree.symlink_target(node));
        if (tree.type(node) == NodeType::character_device || tree.type(node) == NodeType::block_device) {
            json["major"] = tree.device_major(node);
            json["minor"] = tree.device_minor(node);
        }
        if (tree.type(node) == NodeType::file) {
            json["size"] = tree.size(node);
            const Sha256Digest digest = file_digest(tree, node, supervision_, read_);
            if (digests_) (*digests_)[node] = digest;
            json["sha256"] = hex(digest);
        }
        add_line(json);
    }

    void add_line(const Json& json) {
        if (!lines_.empty()) lines_ += ",\n";
        lines_ += "      " + json.dump();
    }

    const Partition& plan_;
    const Supervision& supervision_;
    FileDigests* digests_;
    std::atomic<std::uint64_t> read_{0};
    std::map<NodeId, std::string> first_names_;
    std::string lines_;
};

}  // namespace

std::string make_verification_report(const Card& plan, const Supervision& supervision, FileDigests* last) {
    std::string text = "{\n  \"verification_report\": " + std::to_string(report_version) +
                       ",\n  \"size\": " + std::to_string(plan.size) + ",\n  \"disk_signature\": \"" +
                       number(plan.disk_signature, 4, "0x", 8) + "\",\n  \"partitions\": [\n";
    bool first = true;
    for (const Partition& partition : plan.partitions) {
        Json json = Json::object();
        json["name"] = partition.name;
        json["offset"] = partition.range.begin;
        json["size"] = partition.range.size();
        json["type"] = number(partition.mbr_type, 4, "0x", 2);
        json["active"] = partition.active;
        const bool prebuilt = partition.copied() != nullptr;
        json["file_system"] = prebuilt ? "prebuilt" : partition.file_system_name();
        if (prebuilt) {
            std::atomic<std::uint64_t> read{0};
            json["content_size"] = partition.copied()->content.size;
            json["sha256"] = hex(content_digest(partition.copied()->content, supervision, read));
        } else {
            put_bytes(json, "label", partition.label_on_disk());
            json["identifier"] = partition.identifier();
        }
        std::string head = json.dump();
        if (!first) text += ",\n";
        first = false;
        text += "    " + head.substr(0, head.size() - 1);
        if (!prebuilt)
            text += ",\"files\":[\n" +
                    Writer(partition, supervision, &partition == &plan.partitions.back() ? last : nullptr).files() +
                    "\n    ]";
        text += "}";
    }
    return text + "\n  ]\n}\n";
}

}  // namespace rpixen
