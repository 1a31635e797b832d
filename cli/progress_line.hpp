#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <rpixen/progress.hpp>

#include "surroundings.hpp"

namespace rpixen::cli {

/// Shows progress on one line of a terminal: phase, share, bytes, rate, remaining time. Elsewhere it shows
/// notes and, when asked to be verbose, the beginning of each phase.
class ProgressLine final : public ProgressSink {
  public:
    struct Wishes {
        bool quiet = false;
        bool verbose = false;
    };
    ProgressLine(const Surroundings& surroundings, Wishes wishes) : surroundings_(surroundings), wishes_(wishes) {}
    ProgressLine(const ProgressLine&) = delete;
    ProgressLine& operator=(const ProgressLine&) = delete;
    ~ProgressLine() override { clear(); }

    void begin(const PhaseStart& start) noexcept override;
    void advance(std::uint64_t done) noexcept override;
    void note(std::string_view text) noexcept override;
    /// Takes the line off the terminal, before anything else is printed there.
    void clear() noexcept;

  private:
    void draw(std::uint64_t done, double now);

    const Surroundings& surroundings_;
    Wishes wishes_;
    std::string phase_;
    std::uint64_t total_ = 0;
    double began_ = 0;
    double drawn_ = 0;
    bool visible_ = false;
};

/// "writing  45 %  123.4 of 270.0 MiB  85.3 MiB/s  0:02 left"; `total` is 0 where it is not known.
std::string progress_text(std::string_view phase, std::uint64_t done, std::uint64_t total, double seconds);

}  // namespace rpixen::cli
