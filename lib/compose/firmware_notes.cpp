#include "compose/firmware_notes.hpp"

namespace rpixen {

std::vector<std::string> unused_firmware(const Manifest& manifest, const Decision& decision) {
    std::vector<std::string> notes;
    if (!manifest.firmware || decision.card.partitions.empty()) return notes;
    const std::string folder = manifest.firmware->resolved + "/";
    const FileTree& boot = decision.card.partitions.front().tree;
    for (const auto& [path, digest] : decision.inputs) {
        if (!path.starts_with(folder)) continue;
        const std::string name = path.substr(folder.size());
        if (name == "cmdline.txt") {
            notes.push_back(path + " has no effect: dom0's command line is boot.bootargs");
            continue;
        }
        const auto node = boot.find(name);
        if (node && boot.type(*node) == NodeType::file) {
            const Content content = boot.content(*node);
            // All files of a folder have one source, which is named after the folder.
            if (!content.source || content.source->name() == manifest.firmware->resolved) continue;
        }
        const bool config = name == "config.txt";
        notes.push_back(
            path + " is not used" +
            (config ? ": put its lines into boot.config_txt" : ", as the card has a file of that name from elsewhere"));
    }
    return notes;
}

}  // namespace rpixen
