#include "law/law.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "law/judgement.hpp"
#include "support/temporary_folder.hpp"

namespace rpixen::test {
namespace {

constexpr int unfit = static_cast<int>(ErrorCode::unfit);

/// How compose ends: its exit status and the failure.
Judgement composed(const PlanRequest& wish, const std::string& image) {
    ComposeRequest request;
    static_cast<PlanRequest&>(request) = wish;
    request.output = image;
    request.sync = false;
    Judgement judgement;
    try {
        compose(request);
    } catch (const Error& error) {
        judgement.status = static_cast<int>(error.code());
        judgement.failure = error.what();
    }
    return judgement;
}

std::string ends(const std::string& command, const Judgement& writing) {
    return command + " ends with " + std::to_string(writing.status);
}

}  // namespace

std::vector<std::string> breaches_of_law(const PlanRequest& request, const std::string& image) {
    const Judgement planned = judge_by_check(request.manifest.path(), request);
    std::vector<std::string> lines = differences("plan", judge_by_plan(request), "MANIFEST", planned);
    const Judgement writing = composed(request, image);
    if (writing.status != planned.status)
        lines.push_back(ends("compose", writing) + " where check MANIFEST has " + std::to_string(planned.status) +
                        ": " + writing.failure);
    if (writing.status == 0) {
        const auto found = differences("MANIFEST", planned, "IMAGE", judge_by_check(image, request));
        lines.insert(lines.end(), found.begin(), found.end());
        return lines;
    }
    if (writing.status != unfit || planned.errors.empty()) return lines;

    // Refused: one error fewer is refused the same, and with all of them allowed there is an image.
    PlanRequest allowing = request;
    const auto allowed = [&](const std::string& id) {
        return std::find(request.allow.begin(), request.allow.end(), id) != request.allow.end();
    };
    for (const std::string& id : planned.errors)
        if (!allowed(id)) allowing.allow.push_back(id);
    allowing.deny.clear();
    const Judgement in_spite = composed(allowing, image);
    if (in_spite.status != 0) {
        lines.push_back(ends("compose --allow", in_spite) +
                        " with every error of check MANIFEST allowed: " + in_spite.failure);
        return lines;
    }
    const auto found = differences("MANIFEST --allow", judge_by_check(request.manifest.path(), allowing),
                                   "IMAGE --allow", judge_by_check(image, allowing));
    lines.insert(lines.end(), found.begin(), found.end());
    if (allowing.allow.size() < request.allow.size() + 2) return lines;
    allowing.allow.pop_back();
    const Judgement refused = composed(allowing, image);
    if (const int status = judge_by_check(request.manifest.path(), allowing).status; refused.status != status)
        lines.push_back(ends("compose --allow", refused) + " where check MANIFEST --allow has " +
                        std::to_string(status) + ": " + refused.failure);
    return lines;
}

void expect_law(const std::string& manifest, std::optional<std::int64_t> time) {
    const TemporaryFolder folder;
    PlanRequest request;
    request.manifest = manifest;
    request.source_date_epoch = time;
    for (const std::string& line : breaches_of_law(request, folder / "law.img"))
        ADD_FAILURE() << "the law is broken: " << line << "\n" << read_file(manifest);
}

}  // namespace rpixen::test
