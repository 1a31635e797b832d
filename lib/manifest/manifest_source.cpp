#include <rpixen/manifest.hpp>

#include "base/size.hpp"
#include "manifest/sections.hpp"
#include "storage/input_file.hpp"

namespace rpixen {

std::string read_manifest(const std::string& path) {
    try {
        const auto file = InputFile::open_file(path);
        if (file->size() > 16 * MiB)
            throw Error(ErrorCode::manifest, path + " is too large for a manifest", format_size(file->size()),
                        "at most 16MiB", "name the manifest, not an artifact");
        return std::string(as_text(read_all(file->content())));
    } catch (const Error& error) {
        if (error.code() != ErrorCode::artifact) throw;
        throw Error(ErrorCode::manifest, error.problems());
    }
}

ManifestSource ManifestSource::of_text(std::string json, std::string folder, std::string name) {
    ManifestSource source;
    source.given_ = Text{std::move(json), std::move(folder), std::move(name)};
    return source;
}

ManifestSource ManifestSource::of_value(Manifest manifest) {
    ManifestSource source;
    source.given_ = std::make_shared<const Manifest>(std::move(manifest));
    return source;
}

bool ManifestSource::empty() const noexcept {
    const std::string* path = std::get_if<std::string>(&given_);
    return path && path->empty();
}

std::string ManifestSource::path() const {
    const std::string* path = std::get_if<std::string>(&given_);
    return path ? *path : std::string();
}

Manifest ManifestSource::load(std::uint64_t card_size) const {
    if (const Text* text = std::get_if<Text>(&given_))
        return parse_manifest(text->json, text->name, text->folder, card_size);
    if (const auto* value = std::get_if<std::shared_ptr<const Manifest>>(&given_)) {
        // By the way of its text, so that the rules for manifests stand in one place.
        const Manifest& manifest = **value;
        return parse_manifest(manifest_json(manifest), manifest.file.empty() ? "manifest" : manifest.file,
                              manifest.folder, card_size);
    }
    const std::string& path = std::get<std::string>(given_);
    return parse_manifest(read_manifest(path), path, folder_of_manifest(path), card_size);
}

}  // namespace rpixen
