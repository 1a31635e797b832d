#pragma once

#include <string>

#include <rpixen/progress.hpp>

#include "surroundings.hpp"

namespace rpixen::cli {

/// Tells a program about progress: a line of JSON on standard error where a phase begins, and then ten times a second
/// at most (docs/cli.md). Notes stay lines of text.
class ProgressJson final : public ProgressSink {
  public:
    explicit ProgressJson(const Surroundings& surroundings) : surroundings_(surroundings) {}

    void begin(const PhaseStart& start) noexcept override;
    void advance(std::uint64_t done) noexcept override;
    void note(std::string_view text) noexcept override;

  private:
    void tell(std::uint64_t done);

    const Surroundings& surroundings_;
    PhaseStart phase_;
    std::string subject_;
    double told_ = 0;
};

}  // namespace rpixen::cli
