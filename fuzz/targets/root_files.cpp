#include "follow/kernel_drivers.hpp"
#include "follow/survey_root.hpp"
#include "fuzz/foreign_bytes.hpp"
#include "fuzz/target.hpp"
#include "rules/scenario.hpp"

namespace rpixen::fuzz {

void root_files(ByteView input) {
    const auto files = files_of(input);
    const FileTree root = tree_of(files);
    survey_root(root);
    KernelFacts kernel;
    kernel.release = "6.1.0";
    look_for_drivers(root, FileTree(), kernel);
}

}  // namespace rpixen::fuzz
