#include "compose/gather_inputs.hpp"

#include <future>
#include <utility>

#include <rpixen/error.hpp>

#include "artifact/examine_artifacts.hpp"
#include "artifact/ingest_root.hpp"
#include "artifact/refusal.hpp"
#include "base/beside.hpp"

namespace rpixen {

namespace {

void make_disks(const Manifest& manifest, const DiskMaking& disks, Inputs& inputs, const Supervision& supervision) {
    Refusals refusals;
    for (std::size_t index = 0; index < manifest.guests.size(); ++index) {
        const Guest& guest = manifest.guests[index];
        if (!guest.disk) continue;
        refusals.look_at(guest.disk->location, [&] {
            GuestDisk disk = make_guest_disk(manifest, guest, disks, supervision);
            inputs.artifacts.inputs.insert(inputs.artifacts.inputs.end(), disk.inputs.begin(), disk.inputs.end());
            for (const std::string& note : disk.notes) inputs.root.notes.push_back("guest " + guest.name + ": " + note);
            inputs.artifacts.guests.at(index).disk = std::move(disk);
        });
    }
    refusals.raise();
}

}  // namespace

Inputs gather_inputs(const Manifest& manifest, ContentStore& store, const Supervision& supervision,
                     const DiskMaking& disks, std::optional<RootFileSystem> root) {
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
        of_root.look_at({}, [&] {
            inputs.root = root ? std::move(*root) : ingest_root(manifest.rootfs, store, supervision, given_up);
        });
    } catch (const Error& error) {
        if (error.code() != ErrorCode::cancelled) throw;
        supervision.check();  // otherwise the boot inputs tell why it was given up
    }
    Refusals refusals;
    refusals.look_at({}, [&] { boot.get(); });
    refusals.add(of_root);
    refusals.raise();
    make_disks(manifest, disks, inputs, supervision);
    return inputs;
}

}  // namespace rpixen
