#pragma once

// Threads: any number of calls may run at once, from any threads, as long as their outputs differ; what they take and
// give are values. A call returns after its own threads have ended. Exceptions: Error, and where the system gives no
// memory or no thread std::bad_alloc and std::system_error. Callbacks: `deliver` is called once, in the calling
// thread, and may throw, which is then what the call throws; for the progress see progress.hpp.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <rpixen/export.h>
#include <rpixen/progress.hpp>

namespace rpixen {

/// One card of a matrix.
struct MatrixTask {
    std::string name;                 ///< the manifest's
    std::string manifest;             ///< its file in the folder: "0001.json"
    std::string key;                  ///< card_inputs() of that file says the same: 64 hex digits
    std::vector<std::string> values;  ///< the names, one of each axis
};

/// What a matrix gives.
struct MatrixTasks {
    std::string folder;
    std::vector<std::string> axes;  ///< names
    std::vector<MatrixTask> tasks;  ///< the last axis changes fastest
    std::uint64_t excluded = 0;     ///< combinations that "exclude" left out

    /// tasks.tsv: a line of "name", "manifest", "key" and the axes, then one for each task; tabs between columns.
    RPIXEN_API std::string table() const;
    RPIXEN_API std::string text() const;
    RPIXEN_API std::string json() const;  ///< docs/cli.md
};

struct MatrixRequest {
    /// Path of MATRIX.json (docs/fleet.md), or of where `text` would stand: relative paths begin in its folder.
    std::string matrix;
    std::string text;  ///< the matrix itself; empty: it is read from that file
    /// Appears whole or not at all. One that is there already is replaced if it is empty or holds what an earlier
    /// matrix wrote, and nothing else.
    std::string folder;
    /// What the tasks will be composed with: both are part of their keys, as in PlanRequest.
    std::optional<std::int64_t> source_date_epoch;
    std::vector<std::string> allow;
    /// Called when nothing is left to do but to give the folder its name: what this throws leaves the older one.
    std::function<void(const MatrixTasks&)> deliver;
};

/// Writes a manifest for every combination of a matrix's values, each of which composes by itself, and tasks.tsv. An
/// input that several variants name is read once. Throws Error{manifest}: the matrix, or a variant of it; Error{usage}:
/// the folder holds something else, or an input; Error{artifact, io, cancelled}.
RPIXEN_API MatrixTasks write_matrix(const MatrixRequest& request, const Supervision& supervision = {});

/// The JSON Schema (2020-12) of MATRIX.json, as text.
RPIXEN_API std::string_view matrix_schema();

}  // namespace rpixen
