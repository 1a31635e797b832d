#include <gmock/gmock.h>

#include <array>
#include <filesystem>
#include <thread>

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include <rpixen/console.hpp>
#include <rpixen/error.hpp>

#include "storage/file_descriptor.hpp"
#include "support/temporary_folder.hpp"

// A pseudo terminal stands for the USB adapter; its far end says what an emulated board said.

namespace rpixen {
namespace {

using testing::HasSubstr;

std::string recorded(const std::string& name) {
    return test::read_file(std::string(RPIXEN_LOGS) + "/" + name + ".log");
}

class Board {
  public:
    Board() : far_(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)) {
        ::grantpt(far_.get());
        ::unlockpt(far_.get());
        device_ = ::ptsname(far_.get());
        // What is said before anybody listens is kept, and not echoed.
        near_ = FileDescriptor(::open(device_.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC));
        termios raw{};
        ::tcgetattr(near_.get(), &raw);
        ::cfmakeraw(&raw);
        ::tcsetattr(near_.get(), TCSANOW, &raw);
    }
    ~Board() {
        if (speaker_.joinable()) speaker_.join();
    }

    const std::string& device() const { return device_; }
    termios settings() const {
        termios now{};
        ::tcgetattr(near_.get(), &now);
        return now;
    }
    /// From a thread, as a terminal holds only 4 KiB. `wait_for`: a file that has to appear before.
    void say(std::string text, std::string wait_for = {}, std::string then_write = {}) {
        speaker_ = std::thread(
            [this, text = std::move(text), file = std::move(wait_for), done = std::move(then_write)] {
                for (int tries = 0; !file.empty() && !std::filesystem::exists(file) && tries < 1000; ++tries)
                    ::usleep(10'000);
                std::string_view rest = text;
                while (!rest.empty()) {
                    const ssize_t sent = ::write(far_.get(), rest.data(), rest.size());
                    if (sent <= 0) return;
                    rest.remove_prefix(static_cast<std::size_t>(sent));
                }
                if (!done.empty()) FileDescriptor(::open(done.c_str(), O_CREAT | O_WRONLY, 0600));
            });
    }
    void hang_up() {
        near_ = FileDescriptor();
        far_ = FileDescriptor();
    }
    std::string hear(std::size_t least) {
        std::string heard;
        std::array<char, 1024> buffer{};
        pollfd ready{far_.get(), POLLIN, 0};
        while (heard.size() < least && ::poll(&ready, 1, 10'000) > 0) {
            const ssize_t got = ::read(far_.get(), buffer.data(), buffer.size());
            if (got <= 0) break;
            heard.append(buffer.data(), static_cast<std::size_t>(got));
        }
        return heard;
    }

  private:
    FileDescriptor far_;
    FileDescriptor near_;
    std::string device_;
    std::thread speaker_;
};

class WatchBoard : public testing::Test {
  protected:
    WatchBoard() { request_.device = board_.device(); }

    Board board_;
    BoardRequest request_;
    test::TemporaryFolder folder_;
};

TEST_F(WatchBoard, follows_a_boot_to_its_login) {
    request_.log = folder_ / "serial.log";
    board_.say(recorded("login"));
    const BootResult result = watch_board_until(request_);
    EXPECT_TRUE(result.ok) << result.text();
    EXPECT_EQ(result.reached, BootStage::login);
    EXPECT_EQ(result.stages.size(), 7U);
    EXPECT_EQ(result.serial, board_.device());
    EXPECT_EQ(result.qemu, "");
    EXPECT_EQ(test::read_file(request_.log), recorded("login"));
}

TEST_F(WatchBoard, ends_at_the_stage_that_was_asked_for) {
    request_.until = BootStage::dom0_kernel;
    board_.say(recorded("login").substr(0, 10'000));
    EXPECT_EQ(watch_board_until(request_).reached, BootStage::dom0_kernel);
}

TEST_F(WatchBoard, waits_for_a_guest) {
    request_.guest = GuestGoal{"domU1", false};
    board_.say(recorded("login") + "\n(XEN) DOM1: [    0.000000] Booting Linux\n");
    const BootResult result = watch_board_until(request_);
    EXPECT_TRUE(result.ok) << result.text();
    EXPECT_EQ(result.stages.back().name(), "guest:domU1");
    EXPECT_THAT(result.text(), HasSubstr("reached guest:domU1"));
    EXPECT_THAT(result.json(), HasSubstr("\"reached\": \"guest:domU1\""));
}

TEST_F(WatchBoard, tells_that_a_guest_did_not_come) {
    request_.guest = GuestGoal{"db", true};
    request_.timeout = std::chrono::seconds(2);
    board_.say(recorded("login") + "\nlibxl: error: no memory\n");
    const BootResult result = watch_board_until(request_);
    EXPECT_FALSE(result.ok);
    EXPECT_TRUE(result.timed_out);
    EXPECT_THAT(result.evidence, HasSubstr("no memory"));
    EXPECT_THAT(result.text(), HasSubstr("stopped before guest-login:db"));
    EXPECT_THAT(result.json(), HasSubstr("\"failed\": \"guest-login:db\""));
}

TEST_F(WatchBoard, tells_why_a_board_does_not_boot) {
    board_.say(recorded("dom0-mem"));
    const BootResult result = watch_board_until(request_);
    EXPECT_FALSE(result.ok);
    EXPECT_EQ(result.failed, BootStage::dom0_kernel);
    EXPECT_EQ(result.rules.front(), "dom0-mem-impossible");
    EXPECT_FALSE(result.timed_out);
}

TEST_F(WatchBoard, has_an_end_to_its_patience) {
    request_.timeout = std::chrono::seconds(1);
    board_.say(recorded("reg-too-small"));
    const BootResult result = watch_board_until(request_);
    EXPECT_TRUE(result.timed_out);
    EXPECT_EQ(result.failed, BootStage::dom0_kernel);
    EXPECT_THAT(result.cause, HasSubstr("within 1 s"));
    EXPECT_EQ(result.rules.front(), "dom0-reg-too-small");
}

TEST_F(WatchBoard, hears_what_comes_after_the_power_command) {
    // The board was up: its last words are heard while it is switched off and on, and are not this boot's.
    request_.power_command = "touch '" + folder_ / "off" + "'; while [ ! -e '" + folder_ / "heard" +
                             "' ]; do sleep 0.05; done";
    board_.say(recorded("login") + "\r\n" + recorded("dom0-mem"), folder_ / "off", folder_ / "heard");
    const BootResult result = watch_board_until(request_);
    EXPECT_FALSE(result.ok);
    EXPECT_EQ(result.failed, BootStage::dom0_kernel) << result.text();
    EXPECT_EQ(result.stages.size(), 4U);
}

TEST_F(WatchBoard, a_power_command_that_fails_is_an_error) {
    request_.power_command = "exit 3";
    try {
        watch_board_until(request_);
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::unavailable);
        EXPECT_THAT(std::string(error.what()), HasSubstr("not 3"));
    }
}

TEST_F(WatchBoard, what_is_no_serial_line_is_an_error) {
    for (const std::string& device : {folder_.write("file", ""), folder_ / "nothing"}) {
        request_.device = device;
        try {
            watch_board_until(request_);
            FAIL() << device;
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::io) << device;
            EXPECT_THAT(std::string(error.what()), HasSubstr("serial line"));
        }
    }
}

TEST_F(WatchBoard, an_adapter_that_is_pulled_out_ends_it) {
    std::thread([&] {
        ::usleep(300'000);
        board_.hang_up();
    }).detach();
    const BootResult result = watch_board_until(request_);
    EXPECT_FALSE(result.ok);
    EXPECT_THAT(result.cause, HasSubstr("is gone"));
}

TEST_F(WatchBoard, leaves_the_line_as_it_was) {
    const termios before = board_.settings();
    board_.say(recorded("dom0-mem"));
    watch_board_until(request_);
    const termios after = board_.settings();
    EXPECT_EQ(before.c_iflag, after.c_iflag);
    EXPECT_EQ(before.c_lflag, after.c_lflag);
    EXPECT_EQ(before.c_cflag, after.c_cflag);
}

TEST_F(WatchBoard, wires_a_person_to_it) {
    int keys[2];
    int screen[2];
    ASSERT_EQ(::pipe(keys), 0);
    ASSERT_EQ(::pipe(screen), 0);
    const FileDescriptor key_in(keys[0]), key_out(keys[1]), screen_in(screen[0]), screen_out(screen[1]);
    std::thread person([&] {
        EXPECT_EQ(::write(key_out.get(), "xl list\r", 8), 8);
        EXPECT_EQ(board_.hear(8), "xl list\r");
        board_.say("Domain-0\r\n");
        std::array<char, 64> seen{};
        EXPECT_EQ(::read(screen_in.get(), seen.data(), seen.size()), 10);
        EXPECT_STREQ(seen.data(), "Domain-0\r\n");
        EXPECT_EQ(::write(key_out.get(), "\x1d", 1), 1);
    });
    EXPECT_TRUE(watch_board_on_console(request_, {key_in.get(), screen_out.get()}).ok);
    person.join();
}

}  // namespace
}  // namespace rpixen
