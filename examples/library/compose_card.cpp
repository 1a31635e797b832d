// A build tool that composes a card in process: progress on one line, Ctrl-C cancels and leaves nothing behind.
#include <csignal>
#include <iostream>

#include <rpixen/compose.hpp>
#include <rpixen/error.hpp>

namespace {

rpixen::CancelToken cancel;

class Progress : public rpixen::ProgressSink {
  public:
    void begin(const rpixen::PhaseStart& start) noexcept override {
        phase_ = start;
        advance(0);
    }
    void advance(std::uint64_t done) noexcept override {
        std::cerr << '\r' << rpixen::name_of(phase_.phase) << ' ' << (done >> 20) << " of " << (phase_.total >> 20) << " MiB   ";
    }
    void note(std::string_view text) noexcept override { std::cerr << "\nnote: " << text << '\n'; }

  private:
    rpixen::PhaseStart phase_;
};

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) {
        std::cerr << "usage: compose-card MANIFEST IMAGE\n";
        return 2;
    }
    std::signal(SIGINT, [](int) { cancel.cancel(); });
    try {
        Progress progress;
        rpixen::ComposeRequest request;
        request.manifest = argv[1];
        request.output = argv[2];
        const rpixen::Report report = rpixen::compose(request, {&progress, &cancel});
        std::cerr << '\n';
        for (const rpixen::ReportArtifact& artifact : report.artifacts)
            std::cout << artifact.sha256 << "  " << artifact.role << ' ' << artifact.version << '\n';
        return 0;
    } catch (const rpixen::Error& error) {
        std::cerr << '\n';
        for (const rpixen::Problem& problem : error.problems()) std::cerr << problem.text() << '\n';
        return static_cast<int>(error.code());
    }
}
