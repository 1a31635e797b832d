// Ctrl-C while the appliance starts and while it works: an Error{cancelled}, nothing left behind.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <dirent.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <thread>

#include <rpixen/error.hpp>

#include "backend/image_backend.hpp"
#include "fs/edge_trees.hpp"
#include "support/temporary_folder.hpp"

namespace rpixen {
namespace {

/// Asks to stop some time after a phase has begun.
class StopIn final : public ProgressSink {
  public:
    StopIn(CancelToken& token, Phase phase) : token_(token), phase_(phase) {}
    void begin(const PhaseStart& start) noexcept override { seen_ = seen_ || start.phase == phase_; }
    void advance(std::uint64_t) noexcept override {
        if (seen_) token_.cancel();
    }
    void note(std::string_view) noexcept override {}
    bool seen() const { return seen_; }

  private:
    CancelToken& token_;
    Phase phase_;
    bool seen_ = false;
};

/// Processes whose command line names `text`.
int processes_with(const std::string& text) {
    int count = 0;
    DIR* const folder = ::opendir("/proc");
    while (const dirent* const entry = ::readdir(folder)) {
        std::ifstream file(std::string("/proc/") + entry->d_name + "/cmdline", std::ios::binary);
        std::string line;
        std::getline(file, line);  // sets badbit where the process ends meanwhile; an iterator would throw
        count += line.find(text) != std::string::npos;
    }
    ::closedir(folder);
    return count;
}

void expect_nothing_left(const test::TemporaryFolder& folder) {
    EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
    for (int attempt = 0; attempt < 100 && processes_with(folder.path()) > 0; ++attempt)
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    EXPECT_EQ(processes_with(folder.path()), 0);
}

TEST(GuestfsCancel, WhileTheApplianceStarts) {
    const test::TemporaryFolder folder;
    CancelToken token;
    std::thread ctrl_c([&] {
        // As soon as QEMU runs.
        for (int attempt = 0; attempt < 1200 && processes_with(folder.path()) == 0; ++attempt)
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
        token.cancel();
    });
    try {
        OutputFile output(folder / "card.img");
        guestfs_backend()->write(test::edge_plan(), output, {nullptr, &token});
        ADD_FAILURE() << "not cancelled";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::cancelled) << error.what();
    }
    ctrl_c.join();
    expect_nothing_left(folder);
}

TEST(GuestfsCancel, WhileTheApplianceWorks) {
    const test::TemporaryFolder folder;
    CancelToken token;
    StopIn stop(token, Phase::writing);  // of the root partition, the only one that the appliance fills
    try {
        OutputFile output(folder / "card.img");
        guestfs_backend()->write(test::edge_plan(), output, {&stop, &token});
        ADD_FAILURE() << "not cancelled";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::cancelled) << error.what();
    }
    EXPECT_TRUE(stop.seen());
    expect_nothing_left(folder);
}

}  // namespace
}  // namespace rpixen
