#include "console/process.hpp"

#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "storage/file_descriptor.hpp"

namespace rpixen {

pid_t start_process(const std::vector<std::string>& arguments, int input, int output, int errors,
                    const std::vector<int>& inherit) {
    // Everything that allocates happens before fork(): the child of a threaded program may only make system
    // calls.
    std::vector<char*> argv;
    for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    const pid_t parent = ::getpid();
    const pid_t child = ::fork();
    if (child < 0) throw_io("start", arguments.front());
    if (child > 0) return child;

    ::setpgid(0, 0);  // so that a terminal's Ctrl-C goes to us alone
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(127);  // it ended before the line above
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    if (::dup2(input, STDIN_FILENO) < 0 || ::dup2(output, STDOUT_FILENO) < 0 || ::dup2(errors, STDERR_FILENO) < 0)
        ::_exit(127);
    for (const int descriptor : inherit)
        if (descriptor >= 0) ::fcntl(descriptor, F_SETFD, 0);
    ::execvp(argv.front(), argv.data());
    ::_exit(127);
}

int wait_for(pid_t child) {
    int status = 0;
    while (::waitpid(child, &status, 0) < 0)
        if (errno != EINTR) return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

std::optional<int> ended(pid_t child) {
    int status = 0;
    const pid_t found = ::waitpid(child, &status, WNOHANG);
    if (found == 0) return std::nullopt;
    return found == child && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace rpixen
