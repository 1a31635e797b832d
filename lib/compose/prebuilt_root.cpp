#include "compose/prebuilt_root.hpp"

#include <rpixen/error.hpp>

#include "backend/direct/ext4_health.hpp"

namespace rpixen {
namespace {

constexpr std::size_t most_listed = 20;

}  // namespace

void check_prebuilt(const ImagePlan& image, std::vector<std::string>& notes, const Supervision& supervision) {
    for (const PartitionPlan& partition : image.partitions) {
        if (partition.kind != FileSystemKind::prebuilt) continue;
        const Content& content = partition.prebuilt;
        std::vector<Problem> problems;
        std::vector<std::string> unproven;
        check_ext4(content.source, {content.position, content.position + content.size}, problems, unproven,
                   supervision);
        for (const std::string& what : unproven)
            notes.push_back(content.source->name() + ": not proven: " + what);
        if (problems.empty()) continue;
        if (problems.size() > most_listed) problems.resize(most_listed);
        for (Problem& problem : problems) {
            problem.location.file = content.source->name();
            problem.change = "run e2fsck on it, or make or fetch the image again";
        }
        throw Error(ErrorCode::artifact, std::move(problems));
    }
}

}  // namespace rpixen
