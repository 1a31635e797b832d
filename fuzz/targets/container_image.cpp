#include <algorithm>
#include <vector>

#include "artifact/image_files.hpp"
#include "artifact/image_layer.hpp"
#include "artifact/image_manifest.hpp"
#include "artifact/layers.hpp"
#include "base/digest.hpp"
#include "fuzz/foreign_bytes.hpp"
#include "fuzz/target.hpp"
#include "verify/recorded_digests.hpp"

namespace rpixen::fuzz {
namespace {

/// The files of an image by their names; "@NAME@" in one stands for the digest of the file NAME, which sorts behind it
/// and is there as a blob too.
class Files final : public ImageFiles {
  public:
    explicit Files(const std::map<std::string, rpixen::Bytes>& sections) {
        std::map<std::string, std::string> digests;
        for (auto section = sections.rbegin(); section != sections.rend(); ++section) {
            std::string text(as_text(section->second));
            for (const auto& [name, digest] : digests)
                for (std::size_t at = text.find(name); at != std::string::npos; at = text.find(name, at + 1))
                    text.replace(at, name.size(), digest);
            const std::string digest = hex(sha256(as_bytes(text)));
            digests["@" + section->first + "@"] = digest;
            files_["blobs/sha256/" + digest] = text;
            files_[section->first] = text;
        }
    }
    std::optional<std::string> text(const std::string& name) const override {
        const auto found = files_.find(name);
        return found == files_.end() ? std::nullopt : std::optional(found->second);
    }
    Bytes open(const std::string& name) override {
        const auto found = files_.find(name);
        if (found == files_.end()) throw Error(ErrorCode::artifact, "no file " + name);
        return {file_of(as_bytes(found->second)), 0, found->second.size(), nullptr};
    }

  private:
    std::map<std::string, std::string> files_;
};

}  // namespace

void container_image(ByteView input) {
    const auto sections = files_of(input);
    Files files(sections);
    FileTree tree;
    Layers layers(tree);
    DigestStore store("input");
    layers.begin("input", true);
    add_image(layers, files, "input", store, {});
    layers.end();
    layers.finish();
}

}  // namespace rpixen::fuzz
