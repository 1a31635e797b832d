#pragma once

#include <functional>
#include <span>

#include <rpixen/compose.hpp>
#include <rpixen/diff.hpp>
#include <rpixen/emulator.hpp>
#include <rpixen/flash.hpp>
#include <rpixen/matrix.hpp>
#include <rpixen/propose.hpp>
#include <rpixen/release.hpp>

namespace rpixen::cli {

/// What the commands call. In the program it is the library; a test can look at the request instead.
struct Actions {
    std::function<Report(const ComposeRequest&, const Supervision&)> compose;
    std::function<Report(const PlanRequest&, const Supervision&)> plan;
    std::function<CardInputs(const PlanRequest&, const Supervision&)> inputs;
    std::function<Proposal(const ProposeRequest&, const Supervision&)> propose;
    std::function<Report(const InspectRequest&, const Supervision&)> inspect;
    std::function<Report(const CheckRequest&, const Supervision&)> check;
    std::function<CardDifferences(const DiffRequest&, const Supervision&)> diff;
    std::function<Verification(const VerifyRequest&, const Supervision&)> verify;
    std::function<MatrixTasks(const MatrixRequest&, const Supervision&)> matrix;
    std::function<Release(const ReleaseRequest&, const Supervision&)> release;
    std::function<ReleaseVerification(const VerifyReleaseRequest&, const Supervision&)> verify_release;
    std::function<BootResult(const BootRequest&, const Supervision&)> boot_until;
    std::function<BootResult(const BootRequest&, const BootConsole&, const Supervision&)> boot_on_console;
    std::function<BootResult(const BoardRequest&, const Supervision&)> watch_board_until;
    std::function<BootResult(const BoardRequest&, const BootConsole&, const Supervision&)> watch_board_on_console;
    std::function<Diagnosis(const DiagnoseRequest&, const Supervision&)> diagnose;
    std::function<FlashDisks()> candidates;
    std::function<FlashResult(const FlashRequest&, const Supervision&)> flash;
    std::function<bool(const Diagnostic&, const std::vector<std::string>&, const std::vector<std::string>&)> stops;
    std::function<std::span<const DiagnosticRule>()> rules;
    std::function<const char*()> version;
};

/// The library's own functions.
Actions library_actions();

}  // namespace rpixen::cli
