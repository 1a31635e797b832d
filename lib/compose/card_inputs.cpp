#include "compose/card_inputs.hpp"

#include <algorithm>

#include "base/digest.hpp"

namespace rpixen {

ManifestDigests manifest_digests(const Manifest& manifest, DigestsOf which, const Supervision& supervision,
                                 const ManifestDigests& known) {
    ManifestDigests digests = known;
    for (const NamedInput& input : named_inputs(manifest)) {
        const bool examined = input.role != "firmware" && input.role != "rootfs" && input.role != "file" &&
                              input.role != "guest_disk";
        if (examined && which == DigestsOf::what_is_not_examined) continue;
        if (!digests.contains(input.resolved)) digests[input.resolved] = input_digest(input.resolved, supervision);
    }
    return digests;
}

std::string manifest_sha256(const Manifest& manifest) {
    return hex(sha256(as_bytes(manifest_json(manifest))));
}

std::string card_key(const PlanRequest& request, const std::string& manifest, const std::vector<NamedInput>& inputs,
                     const ManifestDigests& digests) {
    Sha256 key;
    const auto add = [&](const std::string& text) { key.update(text).update(std::string_view("\0", 1)); };
    add("rpixen");
    add(version());
    add(manifest);
    add(request.source_date_epoch ? std::to_string(*request.source_date_epoch) : "");
    std::vector<std::string> allowed = request.allow;
    std::sort(allowed.begin(), allowed.end());
    for (const std::string& id : allowed) add(id);
    for (const NamedInput& input : inputs) add(digests.at(input.resolved));
    return hex(key.finish());
}

CardInputs card_inputs(const PlanRequest& request, const Supervision& supervision) {
    const Manifest manifest = request.manifest.load();
    const ManifestDigests digests = request.digest_inputs
                                        ? manifest_digests(manifest, DigestsOf::everything, supervision)
                                        : ManifestDigests();
    CardInputs inputs;
    if (const std::string path = request.manifest.path(); !path.empty()) inputs.files.push_back(path);
    const std::vector<NamedInput> named = named_inputs(manifest);
    for (const NamedInput& input : named) {
        const auto digest = digests.find(input.resolved);
        ReportArtifact artifact;
        artifact.role = input.role;
        artifact.path = input.path;
        artifact.is_folder = is_folder(input.resolved);
        if (digest != digests.end()) artifact.sha256 = digest->second;
        inputs.artifacts.push_back(std::move(artifact));
        const std::vector<std::string> paths = paths_below(input.resolved, supervision);
        inputs.files.insert(inputs.files.end(), paths.begin(), paths.end());
    }
    if (request.digest_inputs) inputs.key = card_key(request, manifest_json(manifest), named, digests);
    return inputs;
}

}  // namespace rpixen
