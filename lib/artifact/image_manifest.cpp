#include "artifact/image_manifest.hpp"

#include <algorithm>

#include <rpixen/error.hpp>

#include "base/digest.hpp"
#include "base/printable.hpp"
#include "manifest/json_reader.hpp"

namespace rpixen {
namespace {

constexpr int deepest_index = 4;

const JsonValue* member(const JsonValue* object, std::string_view name) {
    if (!object || object->type != JsonValue::Type::object) return nullptr;
    for (const JsonMember& one : object->members)
        if (one.name == name) return &one.value;
    return nullptr;
}

std::string text_of(const JsonValue* value) {
    return value && value->type == JsonValue::Type::string ? value->text : std::string();
}

const std::vector<JsonValue>& elements(const JsonValue* value) {
    static const std::vector<JsonValue> none;
    return value && value->type == JsonValue::Type::array ? value->elements : none;
}

bool is_digest(std::string_view text) {
    return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

/// A manifest that an index names.
struct Descriptor {
    std::string digest;  ///< hexadecimal
    std::string media_type;
    std::string architecture;
    std::string os;
    std::string name;
};

class ImageReader {
  public:
    ImageReader(const ImageFiles& files, const std::string& name) : files_(files), name_(name) {}

    ContainerImage read() {
        if (files_.text("oci-layout") && files_.text("index.json"))
            read_layout();
        else
            read_docker();
        if (image_.layers.empty()) refuse("manifest", "the container image has no layers", "none", "at least one");
        return std::move(image_);
    }

  private:
    [[noreturn]] void refuse(const std::string& file, std::string message, std::string found, std::string allowed,
                             std::string change = "save or fetch the image again") const {
        Problem problem{std::move(message), std::move(found), std::move(allowed), std::move(change), {}};
        problem.location = {name_, printable(file), 0, 0};
        throw Error(ErrorCode::artifact, std::move(problem));
    }

    JsonValue parse(const std::string& file, const std::string& text) const {
        try {
            return read_json(text, file).root;
        } catch (const Error& error) {
            refuse(file, "a document of the container image is damaged", error.problems()[0].message, "JSON");
        }
    }

    std::string required_text(const std::string& file) const {
        const auto text = files_.text(file);
        if (!text)
            refuse(file, "a file of the container image is missing", "no '" + printable(file) + "'",
                   "every blob that the image names");
        return *text;
    }

    std::string hex_of(const std::string& file, const std::string& digest) const {
        const std::string hex = digest.substr(std::min(digest.size(), std::size_t{7}));
        if (!digest.starts_with("sha256:") || !is_digest(hex))
            refuse(file, "a digest of the container image is of an unknown form", "'" + printable(digest) + "'",
                   "sha256: and 64 hexadecimal digits");
        return hex;
    }

    static std::string blob(const std::string& hex) { return "blobs/sha256/" + hex; }

    /// The document that a digest names, proven.
    JsonValue proven(const std::string& digest) const {
        const std::string text = required_text(blob(digest));
        check_blob(digest, hex(sha256(as_bytes(text))), name_, blob(digest));
        return parse(blob(digest), text);
    }

    void collect(const std::string& file, const JsonValue& index, const std::string& inherited, int depth,
                 std::vector<Descriptor>& list) const {
        for (const JsonValue& entry : elements(member(&index, "manifests"))) {
            const JsonValue* platform = member(&entry, "platform");
            const JsonValue* annotations = member(&entry, "annotations");
            if (!text_of(member(annotations, "vnd.docker.reference.type")).empty()) continue;
            Descriptor found{hex_of(file, text_of(member(&entry, "digest"))), text_of(member(&entry, "mediaType")),
                             text_of(member(platform, "architecture")), text_of(member(platform, "os")),
                             text_of(member(annotations, "io.containerd.image.name"))};
            if (found.name.empty()) found.name = text_of(member(annotations, "org.opencontainers.image.ref.name"));
            if (found.name.empty()) found.name = inherited;
            if (found.os == "unknown") continue;
            if (found.media_type.find("index") != std::string::npos ||
                found.media_type.find("manifest.list") != std::string::npos) {
                if (depth == deepest_index)
                    refuse(file, "indexes of the container image are nested too deeply", {}, "at most 4");
                // A store may hold the images of this machine only, and not what else the index names.
                if (files_.text(blob(found.digest)))
                    collect(blob(found.digest), proven(found.digest), found.name, depth + 1, list);
                continue;
            }
            const bool known = std::any_of(list.begin(), list.end(),
                                           [&](const Descriptor& other) { return other.digest == found.digest; });
            if (!known) list.push_back(std::move(found));
        }
    }

    Descriptor choose(std::vector<Descriptor> list) const {
        if (list.size() > 1) {
            const auto elsewhere = [](const Descriptor& one) {
                return one.architecture != "arm64" || (!one.os.empty() && one.os != "linux");
            };
            if (!std::all_of(list.begin(), list.end(), elsewhere)) std::erase_if(list, elsewhere);
        }
        if (list.empty())
            refuse("index.json", "the layout holds no container image", "no manifest", "one image",
                   "save an image into it");
        if (list.size() > 1) {
            std::string found;
            for (const Descriptor& one : list)
                found += (found.empty() ? "" : ", ") +
                         printable(one.name.empty() ? one.digest.substr(0, 12) : one.name) +
                         (one.architecture.empty() ? "" : " (" + printable(one.architecture) + ")");
            refuse("index.json", "there are several container images", found, "one, or one for linux/arm64",
                   "save the one that the card is for");
        }
        return list[0];
    }

    void read_layout() {
        std::vector<Descriptor> list;
        collect("index.json", parse("index.json", required_text("index.json")), {}, 1, list);
        const Descriptor chosen = choose(std::move(list));
        image_.name = chosen.name;
        const std::string file = blob(chosen.digest);
        const JsonValue manifest = proven(chosen.digest);
        const std::vector<JsonValue>& layers = elements(member(&manifest, "layers"));
        if (layers.empty())
            refuse(file, "the container image's manifest is of a kind that is not read",
                   chosen.media_type.empty() ? "no layers" : "'" + printable(chosen.media_type) + "'",
                   "an OCI image manifest or a Docker one of version 2");
        std::vector<std::string> diff_ids;
        if (const JsonValue* config = member(&manifest, "config"))
            diff_ids = read_config(proven(hex_of(file, text_of(member(config, "digest")))));
        for (const JsonValue& layer : layers) add_layer(file, layer);
        add_diff_ids(file, diff_ids);
    }

    void add_layer(const std::string& file, const JsonValue& layer) {
        const std::string type = text_of(member(&layer, "mediaType"));
        const bool tar = type.empty() || type.find("tar") != std::string::npos;
        if (!tar || type.find("encrypted") != std::string::npos)
            refuse(file, "a layer of the container image is no tar", "'" + printable(type) + "'",
                   "layers of tar, plain or packed with gzip or zstd",
                   "save an image of a root file system, decrypted");
        ContainerImage::Layer added;
        added.digest = hex_of(file, text_of(member(&layer, "digest")));
        added.file = blob(*added.digest);
        if (const JsonValue* size = member(&layer, "size")) added.size = size->integer;
        image_.layers.push_back(std::move(added));
    }

    /// Takes what the image's configuration says, and gives the digests of the layers' tars.
    std::vector<std::string> read_config(const JsonValue& config) {
        image_.architecture = text_of(member(&config, "architecture"));
        std::vector<std::string> list;
        for (const JsonValue& id : elements(member(member(&config, "rootfs"), "diff_ids")))
            list.push_back(hex_of("config", text_of(&id)));
        return list;
    }

    void add_diff_ids(const std::string& file, const std::vector<std::string>& diff_ids) {
        if (diff_ids.empty()) return;
        if (diff_ids.size() != image_.layers.size())
            refuse(file, "the container image's configuration is of other layers",
                   std::to_string(diff_ids.size()) + " digests", std::to_string(image_.layers.size()));
        for (std::size_t index = 0; index < diff_ids.size(); ++index) image_.layers[index].diff_id = diff_ids[index];
    }

    void read_docker() {
        static const std::string file = "manifest.json";
        const JsonValue list = parse(file, required_text(file));
        if (elements(&list).size() != 1) {
            std::string found;
            for (const JsonValue& entry : elements(&list)) {
                const auto& tags = elements(member(&entry, "RepoTags"));
                found += (found.empty() ? "" : ", ") + (tags.empty() ? "one without a tag" : text_of(&tags[0]));
            }
            refuse(file, "there are several container images, or none", found.empty() ? "none" : printable(found),
                   "one", "save the one that the card is for");
        }
        const JsonValue& entry = list.elements[0];
        const auto& tags = elements(member(&entry, "RepoTags"));
        if (!tags.empty()) image_.name = text_of(&tags[0]);
        for (const JsonValue& layer : elements(member(&entry, "Layers"))) {
            ContainerImage::Layer added;
            added.file = text_of(&layer);
            added.digest = digest_in(added.file, "blobs/sha256/", "");
            image_.layers.push_back(std::move(added));
        }
        const std::string config = text_of(member(&entry, "Config"));
        const std::string text = required_text(config);
        for (const auto& [before, behind] :
             {std::pair{"blobs/sha256/", ""}, std::pair{"sha256:", ""}, std::pair{"", ".json"}})
            if (const auto digest = digest_in(config, before, behind))
                check_blob(*digest, hex(sha256(as_bytes(text))), name_, config);
        add_diff_ids(config, read_config(parse(config, text)));
    }

    /// The digest that a file's name is made of.
    static std::optional<std::string> digest_in(std::string_view name, std::string_view before,
                                                std::string_view behind) {
        if (!name.starts_with(before) || !name.ends_with(behind) || name.size() < before.size() + behind.size())
            return std::nullopt;
        name.remove_prefix(before.size());
        name.remove_suffix(behind.size());
        if (!is_digest(name)) return std::nullopt;
        return std::string(name);
    }

    const ImageFiles& files_;
    std::string name_;
    ContainerImage image_;
};

}  // namespace

ContainerImage read_image_manifest(const ImageFiles& files, const std::string& name) {
    return ImageReader(files, name).read();
}

void check_blob(const std::string& expected, const std::string& found, const std::string& name,
                const std::string& file) {
    if (found == expected) return;
    Problem problem{"a blob of the container image is not what its digest says",
                    "sha256 " + found,
                    "sha256 " + expected,
                    "save or fetch the image again",
                    {}};
    problem.location = {name, printable(file), 0, 0};
    throw Error(ErrorCode::artifact, std::move(problem));
}

}  // namespace rpixen
