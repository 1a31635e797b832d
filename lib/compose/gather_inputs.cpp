#include "compose/gather_inputs.hpp"

#include <future>
#include <vector>

#include <rpixen/error.hpp>

#include "artifact/examine_artifacts.hpp"
#include "artifact/ingest_root.hpp"

namespace rpixen {
namespace {

/// Runs `work`, and keeps what is wrong with the inputs until the other half is through.
template <typename Work>
std::vector<Problem> problems_of(const Work& work) {
    try {
        work();
    } catch (const Error& error) {
        if (error.code() != ErrorCode::artifact) throw;
        return error.problems();
    }
    return {};
}

}  // namespace

Inputs gather_inputs(const Manifest& manifest, ContentStore& store, const Supervision& supervision) {
    Inputs inputs;
    CancelToken given_up(supervision.cancel);
    std::future<void> boot = std::async(std::launch::async, [&] {
        try {
            inputs.artifacts = examine_artifacts(manifest, supervision);
        } catch (...) {
            given_up.cancel();
            throw;
        }
    });
    std::vector<Problem> of_root;
    try {
        of_root = problems_of([&] { inputs.root = ingest_root(manifest.rootfs, store, supervision, given_up); });
    } catch (const Error& error) {
        if (error.code() != ErrorCode::cancelled) throw;
        supervision.check();  // otherwise the boot inputs tell why it was given up
    }
    std::vector<Problem> problems = problems_of([&] { boot.get(); });
    problems.insert(problems.end(), of_root.begin(), of_root.end());
    if (!problems.empty()) throw Error(ErrorCode::artifact, std::move(problems));
    return inputs;
}

}  // namespace rpixen
