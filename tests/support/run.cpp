#include "support/run.hpp"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <sstream>
#include <stdexcept>

extern char** environ;

namespace rpixen::test {
namespace {

std::string find_program(const std::string& name) {
    if (name.find('/') != std::string::npos) return name;
    const char* path = std::getenv("PATH");
    std::istringstream folders(std::string(path ? path : "") + ":/usr/sbin:/sbin");
    for (std::string folder; std::getline(folders, folder, ':');) {
        const std::string candidate = folder + "/" + name;
        if (!folder.empty() && ::access(candidate.c_str(), X_OK) == 0 && !std::filesystem::is_directory(candidate))
            return candidate;
    }
    throw std::runtime_error("the tests need the program '" + name + "', which is not installed");
}

/// As write(2), but a reader that has gone is EPIPE and not the end of the test.
ssize_t write_quietly(int descriptor, const char* bytes, std::size_t count) {
    sigset_t pipe;
    sigset_t before;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, &before);
    const ssize_t written = ::write(descriptor, bytes, count);
    const int reason = errno;
    const timespec now{};
    if (written < 0 && reason == EPIPE) ::sigtimedwait(&pipe, nullptr, &now);
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    errno = reason;
    return written;
}

}  // namespace

Started::Started(const std::vector<std::string>& argv, const std::vector<std::string>& extra_environment) {
    const std::string program = find_program(argv.at(0));
    std::array<int, 2> in{};
    std::array<int, 2> out{};
    std::array<int, 2> err{};
    if (::pipe2(in.data(), O_CLOEXEC) || ::pipe2(out.data(), O_CLOEXEC) || ::pipe2(err.data(), O_CLOEXEC))
        throw std::runtime_error("pipe2 failed");

    std::vector<char*> arguments;
    for (const auto& argument : argv) arguments.push_back(const_cast<char*>(argument.c_str()));
    arguments.push_back(nullptr);
    std::vector<char*> environment;
    for (const auto& variable : extra_environment) environment.push_back(const_cast<char*>(variable.c_str()));
    for (char** variable = environ; *variable; ++variable) {
        const std::string entry(*variable);
        const std::string name = entry.substr(0, entry.find('=') + 1);
        bool replaced = false;
        for (const auto& extra : extra_environment) replaced = replaced || extra.rfind(name, 0) == 0;
        if (!replaced) environment.push_back(*variable);
    }
    environment.push_back(nullptr);

    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in[0], 0);
    posix_spawn_file_actions_adddup2(&actions, out[1], 1);
    posix_spawn_file_actions_adddup2(&actions, err[1], 2);
    const int failure = ::posix_spawn(&process_, program.c_str(), &actions, nullptr, arguments.data(),
                                      environment.data());
    posix_spawn_file_actions_destroy(&actions);
    ::close(in[0]);
    ::close(out[1]);
    ::close(err[1]);
    in_ = in[1];
    out_ = out[0];
    err_ = err[0];
    if (failure) throw std::runtime_error("cannot start " + program);
}

Started::~Started() {
    for (const int descriptor : {in_, out_, err_})
        if (descriptor >= 0) ::close(descriptor);
    if (process_ < 0) return;
    ::kill(process_, SIGKILL);
    while (::waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
    }
}

bool Started::ended() const {
    siginfo_t info{};
    return ::waitid(P_PID, static_cast<id_t>(process_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == process_;
}

Run Started::finish(const std::string& standard_input) {
    Run result;
    std::size_t sent = 0;
    ::fcntl(in_, F_SETFL, O_NONBLOCK);
    while (out_ >= 0 || err_ >= 0) {
        if (in_ >= 0 && sent == standard_input.size()) {
            ::close(in_);
            in_ = -1;
        }
        std::array<pollfd, 3> files{{{out_, POLLIN, 0}, {err_, POLLIN, 0}, {in_, POLLOUT, 0}}};
        if (::poll(files.data(), files.size(), -1) < 0 && errno != EINTR) break;
        if (files[2].revents) {
            const ssize_t count = write_quietly(in_, standard_input.data() + sent, standard_input.size() - sent);
            if (count > 0) sent += static_cast<std::size_t>(count);
            if (count < 0 && errno != EAGAIN) sent = standard_input.size();
        }
        for (int index = 0; index < 2; ++index) {
            int& descriptor = index == 0 ? out_ : err_;
            if (descriptor < 0 || !files[static_cast<std::size_t>(index)].revents) continue;
            std::array<char, 65536> buffer;
            const ssize_t count = ::read(descriptor, buffer.data(), buffer.size());
            if (count > 0) {
                (index == 0 ? result.out : result.err).append(buffer.data(), static_cast<std::size_t>(count));
            } else {
                ::close(descriptor);
                descriptor = -1;
            }
        }
    }
    if (in_ >= 0) ::close(in_);
    in_ = -1;
    int status = 0;
    while (::waitpid(process_, &status, 0) < 0 && errno == EINTR) {
    }
    process_ = -1;
    if (WIFSIGNALED(status)) result.signal = WTERMSIG(status);
    result.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return result;
}

Run run(const std::vector<std::string>& argv, const std::string& standard_input,
        const std::vector<std::string>& extra_environment) {
    return Started(argv, extra_environment).finish(standard_input);
}

std::string run_ok(const std::vector<std::string>& argv, const std::string& standard_input) {
    Run result = run(argv, standard_input);
    if (result.status != 0)
        throw std::runtime_error(argv[0] + " exited with " + std::to_string(result.status) + "\n" + result.out +
                                 result.err);
    return std::move(result.out);
}

}  // namespace rpixen::test
