#pragma once

#include <memory>
#include <string>
#include <vector>

#include "faults/shim_state.hpp"
#include "support/artifact_kit.hpp"
#include "support/run.hpp"
#include "support/temporary_folder.hpp"

namespace rpixen::test {

/// What is to go wrong in one run.
struct Fault {
    Call call = Call::count;  ///< count: any but `memory`
    std::uint32_t place = 0;  ///< from 1; 0: nothing
    Effect effect = Effect::none;
    int value = 0;
    bool and_later = false;

    std::string kind() const;  ///< "pwrite: ENOSPC"
    std::string text() const;  ///< "pwrite: ENOSPC at place 3"
};

struct Outcome {
    Run run;
    bool started = false;  ///< the program's first instruction was reached
    std::uint32_t injected = 0;
    std::vector<std::uint32_t> counts;  ///< by Call; the last is of any
};

/// What image and report are, both.
enum class Pair { older, newer, mixed };

/// How a card is composed on a bench.
struct Setting {
    bool unnamed = true;  ///< the file system has O_TMPFILE
    bool packed = false;  ///< the root file system is a .tar.gz

    std::string text() const;
};

/// A folder in which an older image and its report are replaced by newer ones, again and again, while the
/// system fails.
class FaultBench {
  public:
    explicit FaultBench(Setting setting);
    ~FaultBench();

    /// Composes with a fault. `shell` stands behind the command: options and redirections.
    Outcome compose(const Fault& fault, const std::string& shell = {}) const;
    /// Composes without the shim, after these commands of a shell; what ends them starts the program: "exec ".
    Outcome compose_after(const std::string& commands) const;
    /// Composes while nobody reads standard output, which is a pipe.
    Outcome compose_into_closed_pipe(const std::string& options) const;
    /// The same program started so that a test can send signals to it; finish() is to be called.
    std::unique_ptr<Started> start(const Fault& fault) const;
    Outcome finish(Started& started) const;
    /// Whether the program's first instruction was reached.
    bool started() const;

    Pair pair() const;
    bool has_older_image() const;
    /// Names in the outputs' folder that are neither image nor report.
    std::vector<std::string> leftovers() const;
    /// Image and report are the older ones again, and nothing else is there.
    void restore() const;
    /// The same on another disk, which is mounted over the outputs' folder.
    void copy_older() const;
    std::uint64_t kibibytes_of_older() const;  ///< of disk

    /// What is wrong after a run; empty for nothing: both old or both new, nothing left, a documented status, a
    /// message where it is not 0, and new exactly where it is 0.
    std::string judge(const Outcome& outcome) const;

    std::string out(const std::string& name) const { return folder_ / ("out/" + name); }

  private:
    std::vector<std::string> environment(const Fault& fault) const;
    Outcome run_script(const std::string& script) const;
    std::string command() const;

    TemporaryFolder folder_;
    ArtifactKit kit_;
    Setting setting_;
    ShimState* state_ = nullptr;
    std::string older_image_;  ///< fingerprints
    std::string newer_image_;
    std::string older_report_;
    std::string newer_report_;
};

}  // namespace rpixen::test
