#include <rpixen.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>
#include <system_error>

#include <rpixen/compose.hpp>
#include <rpixen/emulator.hpp>

#include "c/requests.hpp"

namespace rpixen {
namespace {

/// Tells a C caller's functions about long work.
class Watch final : public ProgressSink {
  public:
    rpixen_progress_function progress = nullptr;
    rpixen_note_function note_function = nullptr;
    void* user = nullptr;

    void begin(const PhaseStart& start) noexcept override {
        phase_ = name_of(start.phase);
        total_ = start.total;
        advance(0);
    }
    void advance(std::uint64_t done) noexcept override {
        if (progress) progress(user, phase_, done, total_);
    }
    void note(std::string_view text) noexcept override {
        if (!note_function) return;
        try {
            note_function(user, std::string(text).c_str());
        } catch (const std::bad_alloc&) {
            // A note that there is no memory for is lost; the work tells of it, where it matters.
        }
    }

  private:
    const char* phase_ = "";
    std::uint64_t total_ = 0;
};

}  // namespace
}  // namespace rpixen

struct rpixen_context {
    rpixen::Watch watch;
    rpixen::CancelToken cancel;
    rpixen::Supervision supervision() { return {&watch, &cancel}; }
};

namespace rpixen {
namespace {

/// A result: its exit status and its document.
struct Answer {
    int status = 0;
    std::string document;
};

Answer failed(const Error& error) {
    return {static_cast<int>(error.code()), error_json(error)};
}

/// For malloc's free(); null where there is no memory.
char* copied(const std::string& text) noexcept {
    char* copy = static_cast<char*>(std::malloc(text.size() + 1));
    if (copy) std::memcpy(copy, text.c_str(), text.size() + 1);
    return copy;
}

/// The border: whatever happens behind it comes out as a status and a document.
template <typename Work>
int answer(rpixen_context* context, const char* request, char** document, const Work& work) noexcept {
    if (document) *document = nullptr;
    if (!context || !request) return static_cast<int>(ErrorCode::usage);
    try {
        const Answer result = [&]() -> Answer {
            try {
                return work(request, context->supervision());
            } catch (const Error& error) {
                return failed(error);
            } catch (const std::bad_alloc&) {
                return failed(Error(ErrorCode::io, "not enough memory"));
            } catch (const std::system_error& system) {
                return failed(
                    Error(ErrorCode::io, "the system refuses what this library needs", system.code().message()));
            } catch (const std::exception& bug) {
                return failed(Error(ErrorCode::internal, "a bug in this library", bug.what()));
            }
        }();
        if (document) *document = copied(result.document);
        return result.status;
    } catch (...) {  // no memory even to tell of it
        return static_cast<int>(ErrorCode::io);
    }
}

bool any_stops(const Report& report, const PlanRequest& request) {
    return std::any_of(report.diagnostics.begin(), report.diagnostics.end(),
                       [&](const Diagnostic& diagnostic) { return stops(diagnostic, request.allow, request.deny); });
}

constexpr int unfit = static_cast<int>(ErrorCode::unfit);

}  // namespace
}  // namespace rpixen

using namespace rpixen;

const char* rpixen_version(void) {
    return version();
}

rpixen_context* rpixen_context_new(void) {
    return new (std::nothrow) rpixen_context;
}

void rpixen_context_free(rpixen_context* context) {
    delete context;
}

void rpixen_cancel(rpixen_context* context) {
    if (context) context->cancel.cancel();
}

void rpixen_watch(rpixen_context* context, rpixen_progress_function progress, rpixen_note_function note, void* user) {
    if (!context) return;
    context->watch.progress = progress;
    context->watch.note_function = note;
    context->watch.user = user;
}

int rpixen_plan(rpixen_context* context, const char* request, char** document) {
    return answer(context, request, document, [](const char* json, const Supervision& supervision) -> Answer {
        const Report report = plan(parse_request<PlanRequest>(json), supervision);
        return {report.refusal.empty() ? 0 : unfit, report.json()};
    });
}

int rpixen_compose(rpixen_context* context, const char* request, char** document) {
    return answer(context, request, document, [](const char* json, const Supervision& supervision) -> Answer {
        return {0, compose(parse_request<ComposeRequest>(json), supervision).json()};
    });
}

int rpixen_check(rpixen_context* context, const char* request, char** document) {
    return answer(context, request, document, [](const char* json, const Supervision& supervision) -> Answer {
        const auto parsed = parse_request<CheckRequest>(json);
        const Report report = check(parsed, supervision);
        return {any_stops(report, parsed) ? unfit : 0, report.json()};
    });
}

int rpixen_inspect(rpixen_context* context, const char* request, char** document) {
    return answer(context, request, document, [](const char* json, const Supervision& supervision) -> Answer {
        return {0, inspect(parse_request<InspectRequest>(json), supervision).json()};
    });
}

int rpixen_diff(rpixen_context* context, const char* request, char** document) {
    return answer(context, request, document, [](const char* json, const Supervision& supervision) -> Answer {
        return {0, diff(parse_request<DiffRequest>(json), supervision).json()};
    });
}

int rpixen_verify(rpixen_context* context, const char* request, char** document) {
    return answer(context, request, document, [](const char* json, const Supervision& supervision) -> Answer {
        const Verification verification = verify(parse_request<VerifyRequest>(json), supervision);
        const bool same = verification.differences.empty();
        return {same ? 0 : static_cast<int>(ErrorCode::verification), verification.json()};
    });
}

int rpixen_release(rpixen_context* context, const char* request, char** document) {
    return answer(context, request, document, [](const char* json, const Supervision& supervision) -> Answer {
        return {0, release(parse_request<ReleaseRequest>(json), supervision).json()};
    });
}

int rpixen_verify_release(rpixen_context* context, const char* request, char** document) {
    return answer(context, request, document, [](const char* json, const Supervision& supervision) -> Answer {
        const ReleaseVerification found = verify_release(parse_request<VerifyReleaseRequest>(json), supervision);
        return {found.differences.empty() ? 0 : static_cast<int>(ErrorCode::verification), found.json()};
    });
}

int rpixen_diagnose(rpixen_context* context, const char* request, char** document) {
    return answer(context, request, document, [](const char* json, const Supervision& supervision) -> Answer {
        const Diagnosis diagnosis = diagnose(parse_request<DiagnoseRequest>(json), supervision);
        return {diagnosis.reading.ok ? 0 : unfit, diagnosis.json()};
    });
}

int rpixen_boot(rpixen_context* context, const char* request, char** document) {
    return answer(context, request, document, [](const char* json, const Supervision& supervision) -> Answer {
        const BootResult result = boot_until(parse_request<BootRequest>(json), supervision);
        return {result.ok ? 0 : unfit, result.json()};
    });
}

int rpixen_inputs(rpixen_context* context, const char* request, char** document) {
    return answer(context, request, document, [](const char* json, const Supervision& supervision) -> Answer {
        return {0, card_inputs(parse_request<PlanRequest>(json), supervision).json()};
    });
}

int rpixen_watch_board(rpixen_context* context, const char* request, char** document) {
    return answer(context, request, document, [](const char* json, const Supervision& supervision) -> Answer {
        const BootResult result = watch_board_until(parse_request<BoardRequest>(json), supervision);
        return {result.ok ? 0 : unfit, result.json()};
    });
}

int rpixen_flash(rpixen_context* context, const char* request, char** document) {
    return answer(context, request, document, [](const char* json, const Supervision& supervision) -> Answer {
        return {0, flash(parse_request<FlashRequest>(json), supervision).json()};
    });
}

int rpixen_disks(rpixen_context* context, const char* request, char** document) {
    return answer(context, request, document, [](const char* json, const Supervision&) -> Answer {
        parse_request<DisksRequest>(json);
        return {0, candidates().json()};
    });
}

int rpixen_matrix(rpixen_context* context, const char* request, char** document) {
    return answer(context, request, document, [](const char* json, const Supervision& supervision) -> Answer {
        return {0, write_matrix(parse_request<MatrixRequest>(json), supervision).json()};
    });
}

int rpixen_propose(rpixen_context* context, const char* request, char** document) {
    return answer(context, request, document, [](const char* json, const Supervision& supervision) -> Answer {
        const Proposal proposal = propose_manifest(parse_request<ProposeRequest>(json), supervision);
        return {proposal.missing.empty() ? 0 : static_cast<int>(ErrorCode::artifact), proposal.json()};
    });
}

void rpixen_free(char* document) {
    std::free(document);
}
