#include "follow/kernels.hpp"

#include <algorithm>

#include "follow/boot_files.hpp"

namespace rpixen {

Kernels::Kernels(const KernelArtifact* examined) {
    if (examined) known_.push_back({examined->content, kernel_facts(*examined)});
}

KernelFacts Kernels::survey(const std::string& file, const Content& content) {
    auto known = std::find_if(known_.begin(), known_.end(), [&](const Known& other) {
        return other.content.source == content.source && other.content.position == content.position &&
               other.content.size == content.size;
    });
    if (known == known_.end()) known = known_.insert(known_.end(), {content, survey_kernel(file, content)});
    KernelFacts facts = known->facts;
    facts.file = file;
    return facts;
}

}  // namespace rpixen
