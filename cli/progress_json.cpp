#include "progress_json.hpp"

#include <rpixen/report.hpp>

#include "error_report.hpp"

namespace rpixen::cli {
namespace {

constexpr double interval = 0.1;  // seconds

}  // namespace

// A sink must not throw; what standard error does not take is lost.

void ProgressJson::begin(const PhaseStart& start) noexcept {
    try {
        phase_ = start;
        subject_ = start.subject;
        phase_.subject = subject_;
        tell(0);
    } catch (...) {
    }
}

void ProgressJson::advance(std::uint64_t done) noexcept {
    try {
        if (surroundings_.seconds() - told_ >= interval) tell(done);
    } catch (...) {
    }
}

void ProgressJson::note(std::string_view text) noexcept {
    try {
        write_message(surroundings_.err, "note", text);
    } catch (...) {
    }
}

void ProgressJson::tell(std::uint64_t done) {
    told_ = surroundings_.seconds();
    surroundings_.err << progress_json(phase_, done) << std::flush;
}

}  // namespace rpixen::cli
