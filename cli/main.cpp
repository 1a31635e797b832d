#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <new>
#include <string_view>

#include "descriptor_stream.hpp"
#include "run.hpp"

namespace {

constinit rpixen::CancelToken cancel;
volatile std::sig_atomic_t stopped_by = 0;
volatile std::sig_atomic_t times_asked = 0;

// The first signal asks the run to clean up and end; someone who insists gets their way.
void on_signal(int signal) {
    stopped_by = signal;
    cancel.cancel();
    times_asked = times_asked + 1;
    if (times_asked >= 3) ::_exit(128 + signal);
}

void listen_to_signals() {
    struct sigaction action {};
    action.sa_handler = on_signal;  // without SA_RESTART: a read that waits for ever ends with EINTR
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
        struct sigaction before {};
        // nohup and `command &` in a script ignore some; that is to stay so.
        if (::sigaction(signal, nullptr, &before) == 0 && before.sa_handler == SIG_IGN) continue;
        static_cast<void>(::sigaction(signal, &action, nullptr));
    }
    // A reader of standard output that goes away and a limit of file sizes (ulimit -f) are errors to handle,
    // not reasons to die in the middle of an image.
    static_cast<void>(std::signal(SIGPIPE, SIG_IGN));
    static_cast<void>(std::signal(SIGXFSZ, SIG_IGN));
}

/// The dynamic loader calls this first, before the constructors of all libraries and long before main().
__attribute__((section(".preinit_array"), used)) void (*const listen_first)() = listen_to_signals;

// Without memory the work ends by an exception, and what unwinds for it needs some.
constexpr std::size_t reserve_size = 1 << 20;
std::atomic<void*> reserve = nullptr;

[[noreturn]] void end_without_memory() {
    constexpr std::string_view message = "rpixen-img: error: not enough memory\n";
    [[maybe_unused]] const ssize_t told = ::write(STDERR_FILENO, message.data(), message.size());
    ::_exit(static_cast<int>(rpixen::ErrorCode::io));
}

void release_reserve() {
    std::free(reserve.exchange(nullptr));
    std::set_new_handler(nullptr);
    throw std::bad_alloc();
}

/// Where even that was not enough.
[[noreturn]] void end() {
    try {
        if (std::current_exception()) throw;
    } catch (const std::bad_alloc&) {
        end_without_memory();
    } catch (...) {
    }
    std::abort();
}

void prepare_for_little_memory() {
    reserve = std::malloc(reserve_size);
    // Then the library's own reserve for exceptions may not have been had either, and none could be thrown.
    if (!reserve) end_without_memory();
    std::set_new_handler(release_reserve);
    std::set_terminate(end);
}

/// With standard output closed, the first file that is opened would become it, and messages would go into an
/// image.
void keep_standard_descriptors() {
    for (const int descriptor : {0, 1, 2})
        if (::fcntl(descriptor, F_GETFD) < 0)
            static_cast<void>(::open("/dev/null", descriptor == 1 ? O_RDONLY : O_RDWR));
}

std::size_t terminal_width() {
    winsize size{};
    for (const int descriptor : {STDERR_FILENO, STDOUT_FILENO})
        if (::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
    return 80;
}

bool is_terminal(int descriptor) {
    const char* kind = std::getenv("TERM");
    return ::isatty(descriptor) != 0 && kind && std::string_view(kind) != "dumb";
}

/// no-color.org: set to anything but nothing.
bool has_no_color() {
    const char* wish = std::getenv("NO_COLOR");
    return wish && *wish != '\0';
}

}  // namespace

int main(int argc, char** argv) try {
    prepare_for_little_memory();
    keep_standard_descriptors();
    rpixen::cli::DescriptorStream out(STDOUT_FILENO, &cancel);
    rpixen::cli::Surroundings surroundings{
        .out = out,
        .err = std::cerr,
        .in = &std::cin,
        .terminal_in = ::isatty(STDIN_FILENO) != 0,
        .terminal = is_terminal(STDERR_FILENO),
        .terminal_results = is_terminal(STDOUT_FILENO),
        .color = has_no_color() ? rpixen::cli::Surroundings::Color::never : rpixen::cli::Surroundings::Color::automatic,
        .width = terminal_width,
        .cancel = &cancel,
        .seconds = [] {
            return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
        }};
    if (const char* epoch = std::getenv("SOURCE_DATE_EPOCH")) surroundings.source_date_epoch = epoch;
    const int status = rpixen::cli::run({argv + std::min(argc, 1), argv + argc}, surroundings,
                                        rpixen::cli::library_actions());
    const bool cancelled = status == static_cast<int>(rpixen::ErrorCode::cancelled);
    return cancelled && stopped_by != 0 ? 128 + stopped_by : status;
} catch (const std::bad_alloc&) {  // before run() could catch it
    std::cerr << "rpixen-img: error: not enough memory\n";
    return static_cast<int>(rpixen::ErrorCode::io);
}
