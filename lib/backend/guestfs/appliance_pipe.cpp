#include "backend/guestfs/appliance_pipe.hpp"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <exception>
#include <mutex>
#include <span>
#include <thread>

#include "storage/file_descriptor.hpp"

namespace rpixen::guestfs {
namespace {

struct Pipe {
    FileDescriptor read_end;
    FileDescriptor write_end;
};

Pipe open_pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw_io("open", "a pipe to the appliance");
    return {FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

std::string path_of(const FileDescriptor& end) {
    return "/dev/fd/" + std::to_string(end.get());
}

/// A write to a pipe whose reader went away shall fail, not end the program.
class NoPipeSignal {
  public:
    NoPipeSignal() noexcept {
        sigset_t pipe;
        sigemptyset(&pipe);
        sigaddset(&pipe, SIGPIPE);
        pthread_sigmask(SIG_BLOCK, &pipe, &before_);
    }
    ~NoPipeSignal() {
        sigset_t pipe;
        sigemptyset(&pipe);
        sigaddset(&pipe, SIGPIPE);
        const timespec now{};
        if (!sigismember(&before_, SIGPIPE)) sigtimedwait(&pipe, nullptr, &now);
        pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    }
    NoPipeSignal(const NoPipeSignal&) = delete;
    NoPipeSignal& operator=(const NoPipeSignal&) = delete;

  private:
    sigset_t before_{};
};

/// Of two failures that cause each other through the pipe, the first is the cause.
class FirstFailure {
  public:
    void run(const std::function<void()>& work) {
        const NoPipeSignal quiet;
        try {
            work();
        } catch (...) {
            const std::lock_guard lock(mutex_);
            if (!first_) first_ = std::current_exception();
        }
    }
    void rethrow() const {
        if (first_) std::rethrow_exception(first_);
    }

  private:
    std::mutex mutex_;
    std::exception_ptr first_;
};

}  // namespace

void pipe_into(const std::function<void(int)>& produce, const std::function<void(const std::string&)>& consume) {
    Pipe pipe = open_pipe();
    FirstFailure failure;
    std::thread producer([&] {
        failure.run([&] { produce(pipe.write_end.get()); });
        pipe.write_end = {};
    });
    failure.run([&] { consume(path_of(pipe.read_end)); });
    pipe.read_end = {};
    producer.join();
    failure.rethrow();
}

void pipe_out_of(const std::function<void(const std::string&)>& produce, const std::function<void(int)>& consume) {
    Pipe pipe = open_pipe();
    FirstFailure failure;
    std::thread consumer([&] {
        failure.run([&] { consume(pipe.read_end.get()); });
        pipe.read_end = {};
    });
    failure.run([&] { produce(path_of(pipe.write_end)); });
    pipe.write_end = {};
    consumer.join();
    failure.rethrow();
}

namespace {

std::size_t read_some(int descriptor, std::span<char> out) {
    ssize_t count = 0;
    do count = ::read(descriptor, out.data(), out.size());
    while (count < 0 && errno == EINTR);
    if (count < 0) throw_io("read", "from the appliance");
    return static_cast<std::size_t>(count);
}

}  // namespace

std::string read_to_end(int descriptor) {
    std::string all;
    std::array<char, 65536> buffer;
    while (const std::size_t count = read_some(descriptor, buffer)) all.append(buffer.data(), count);
    return all;
}

void drain(int descriptor) {
    std::array<char, 65536> buffer;
    while (read_some(descriptor, buffer) > 0) {
    }
}

}  // namespace rpixen::guestfs
