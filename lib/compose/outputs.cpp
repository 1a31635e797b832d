#include "compose/outputs.hpp"

#include <rpixen/error.hpp>

#include "artifact/named_inputs.hpp"
#include "storage/output_path.hpp"

namespace rpixen {
namespace {

/// Every file and folder that a manifest names, and the manifest's own.
std::vector<std::string> inputs_of(const Manifest& manifest, const std::string& file) {
    std::vector<std::string> inputs;
    if (!file.empty()) inputs.push_back(file);
    for (const NamedInput& input : named_inputs(manifest)) inputs.push_back(input.resolved);
    return inputs;
}

[[noreturn]] void refuse(const std::string& message, const std::string& found, const std::string& change) {
    throw Error(ErrorCode::usage, message, found, "another name", change);
}

}  // namespace

void check_outputs(const Manifest& manifest, const std::string& file, const std::vector<std::string>& outputs) {
    check_outputs(inputs_of(manifest, file), outputs);
}

void check_outputs(const std::vector<std::string>& inputs, const std::vector<std::string>& outputs) {
    for (const std::string& output : outputs) {
        if (output == "-")
            refuse("an output cannot go to standard output: it is not written in order", output,
                   "name a file (./- for one of that name)");
        for (const std::string& input : inputs) {
            if (same_file(output, input))
                refuse("the output would replace an input", output, "give another file; this one is " + input);
            if (lies_in(output, input))
                refuse("the output would lie in an input", output,
                       "write it outside of " + input + ", all of which is put on the card");
        }
    }
    for (std::size_t one = 0; one < outputs.size(); ++one)
        for (std::size_t other = one + 1; other < outputs.size(); ++other)
            if (same_file(outputs[one], outputs[other]))
                refuse("two outputs are one file", outputs[other], "give each a name of its own");
}

}  // namespace rpixen
