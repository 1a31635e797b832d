#include "compose/gather_inputs.hpp"

#include <future>

#include <rpixen/error.hpp>

#include "artifact/examine_artifacts.hpp"
#include "artifact/ingest_root.hpp"
#include "artifact/refusal.hpp"
#include "base/beside.hpp"

namespace rpixen {

Inputs gather_inputs(const Manifest& manifest, ContentStore& store, const Supervision& supervision) {
    Inputs inputs;
    CancelToken given_up(supervision.cancel);
    std::future<void> boot = beside([&] {
        try {
            inputs.artifacts = examine_artifacts(manifest, supervision);
        } catch (...) {
            given_up.cancel();
            throw;
        }
    });
    Refusals of_root;
    try {
        of_root.look_at({}, [&] { inputs.root = ingest_root(manifest.rootfs, store, supervision, given_up); });
    } catch (const Error& error) {
        if (error.code() != ErrorCode::cancelled) throw;
        supervision.check();  // otherwise the boot inputs tell why it was given up
    }
    Refusals refusals;
    refusals.look_at({}, [&] { boot.get(); });
    refusals.add(of_root);
    refusals.raise();
    return inputs;
}

}  // namespace rpixen
