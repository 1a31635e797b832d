#pragma once

#include <string>
#include <vector>

#include "artifact/artifact_set.hpp"
#include "rules/scenario.hpp"

namespace rpixen {

/// The kernels of a card, each looked into once: one has some 33 MB, is searched as a whole, and is started on
/// every board that the card knows.
class Kernels {
  public:
    /// One that was examined before the card was planned; null where there is none.
    explicit Kernels(const KernelArtifact* examined);

    /// survey_kernel(), from what is known of that content where it is. Throws Error{io}.
    KernelFacts survey(const std::string& file, const Content& content);

  private:
    struct Known {
        Content content;
        KernelFacts facts;
    };
    std::vector<Known> known_;
};

}  // namespace rpixen
