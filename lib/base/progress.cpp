#include <rpixen/progress.hpp>

namespace rpixen {

const char* name_of(Phase phase) noexcept {
    switch (phase) {
        case Phase::reading:
            return "reading";
        case Phase::unpacking:
            return "unpacking";
        case Phase::copying:
            return "copying";
        case Phase::writing:
            return "writing";
        case Phase::examining:
            return "examining";
        case Phase::verifying:
            return "verifying";
        case Phase::packing:
            return "packing";
        case Phase::syncing:
            return "syncing";
        case Phase::starting:
            return "starting the appliance";
        case Phase::stopping:
            return "shutting the appliance down";
    }
    return "";
}

namespace {

/// Of a compose from a tar onto a disk (bench/README.md); the others are of about a reading's size.
double share_of(Phase phase) noexcept {
    switch (phase) {
        case Phase::writing:
            return 0.05;
        case Phase::examining:
            return 0.02;
        case Phase::verifying:
            return 0.08;
        case Phase::syncing:
            return 0.4;
        default:
            return 0.45;
    }
}

}  // namespace

void Supervision::begin(Phase phase, std::uint64_t total, std::string_view subject) const noexcept {
    if (progress) progress->begin({phase, subject, total, share_of(phase)});
}

}  // namespace rpixen
