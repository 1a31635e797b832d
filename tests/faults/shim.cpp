// A library to be preloaded (LD_PRELOAD) into the program under test: counts its calls of the system and makes
// one of them fail, as the file named by RPIXEN_FAULTS orders. Calls go to the kernel directly, so that nothing
// here is counted or fails.

#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "shim_state.hpp"

using rpixen::test::Call;
using rpixen::test::Effect;
using rpixen::test::ShimState;

extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);
}

namespace {

ShimState* state = nullptr;
bool in_main = false;  ///< before it nobody could catch what a failing allocation throws

using StartThread = int (*)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);

StartThread real_pthread_create() {
    static const auto real = reinterpret_cast<StartThread>(::dlsym(RTLD_NEXT, "pthread_create"));
    return real;
}

/// Where the C++ library lies: the allocations of operator new come from there. C libraries are left out, as
/// not all of them live through a failing malloc() (libext2fs 1.47 frees what it did not get).
struct CodeRange {
    std::uintptr_t begin = 0;
    std::uintptr_t end = 0;
};
CodeRange cplusplus;

int find_cplusplus(dl_phdr_info* library, size_t, void*) {
    if (!std::strstr(library->dlpi_name, "/libstdc++.so")) return 0;
    cplusplus.begin = library->dlpi_addr;
    for (int number = 0; number < library->dlpi_phnum; ++number) {
        const std::uintptr_t end = library->dlpi_addr + library->dlpi_phdr[number].p_vaddr +
                                   library->dlpi_phdr[number].p_memsz;
        if (library->dlpi_phdr[number].p_type == PT_LOAD && end > cplusplus.end) cplusplus.end = end;
    }
    return 1;
}

__attribute__((constructor)) void begin() {
    const char* file = std::getenv(rpixen::test::shim_variable);
    if (!file) return;
    real_pthread_create();
    ::dl_iterate_phdr(&find_cplusplus, nullptr);
    const long descriptor = ::syscall(SYS_openat, AT_FDCWD, file, O_RDWR | O_CLOEXEC, 0);
    if (descriptor < 0) std::abort();
    const long place = ::syscall(SYS_mmap, nullptr, sizeof(ShimState), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor,
                                 0);
    ::syscall(SYS_close, descriptor);
    if (place == -1) std::abort();
    auto* mapped = reinterpret_cast<ShimState*>(place);
    mapped->started = true;
    state = mapped;
}

bool is_place(std::uint32_t number) {
    return state->place != 0 && (number == state->place || (state->and_later && number > state->place));
}

/// Counts a call and tells what is to be done to it; sends the signal.
Effect strike(Call call) {
    if (!state) return Effect::none;
    const std::uint32_t number = ++state->counts[static_cast<std::size_t>(call)];
    bool struck = call == state->call && is_place(number);
    if (call != Call::memory) {
        const std::uint32_t any = ++state->counts[static_cast<std::size_t>(Call::count)];
        struck = struck || (state->call == Call::count && is_place(any));
    }
    if (!struck) return Effect::none;
    ++state->injected;
    if (state->effect == Effect::signal) ::syscall(SYS_kill, ::getpid(), state->value);
    if (state->effect == Effect::error) errno = state->value;
    return state->effect;
}

/// `caller` is who allocates. A null pointer where that is to fail.
template <typename Real>
void* allocate(const void* caller, const Real& real) {
    const auto place = reinterpret_cast<std::uintptr_t>(caller);
    const bool counted = in_main && place >= cplusplus.begin && place < cplusplus.end;
    return counted && strike(Call::memory) == Effect::error ? nullptr : real();
}

using Main = int (*)(int, char**, char**);
using StartMain = int (*)(Main, int, char**, void (*)(), void (*)(), void (*)(), void*);
Main real_main = nullptr;

int counted_main(int count, char** words, char** environment) {
    in_main = true;
    return real_main(count, words, environment);
}

/// Half of a length, if there is a half.
std::size_t half(std::size_t length) {
    return length > 1 ? length / 2 : length;
}

/// A call that has a length, which can be done in part.
template <typename Real>
ssize_t with_length(Call call, std::size_t length, const Real& real) {
    switch (strike(call)) {
        case Effect::error:
            return -1;
        case Effect::short_count:
            return real(half(length));
        default:
            return real(length);
    }
}

template <typename Real>
int whole(Call call, const Real& real) {
    return strike(call) == Effect::error ? -1 : static_cast<int>(real());
}

/// The first part of the first of several buffers.
template <typename Real>
ssize_t with_parts(Call call, const iovec* parts, int count, const Real& real) {
    switch (strike(call)) {
        case Effect::error:
            return -1;
        case Effect::short_count: {
            const iovec part{parts[0].iov_base, half(parts[0].iov_len)};
            return real(&part, 1);
        }
        default:
            return real(parts, count);
    }
}

int open_file(int folder, const char* path, int flags, mode_t mode) {
    if (strike(Call::open) == Effect::error) return -1;
    if (state && state->refuse_unnamed && (flags & O_TMPFILE) == O_TMPFILE) {
        errno = EOPNOTSUPP;
        return -1;
    }
    return static_cast<int>(::syscall(SYS_openat, folder, path, flags, mode));
}

mode_t mode_of(int flags, va_list arguments) {
    return (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(arguments, mode_t) : 0;
}

}  // namespace

// The C library declares these with attributes of its own, which a second definition need not repeat.
#pragma GCC diagnostic ignored "-Wmissing-declarations"
#pragma GCC visibility push(default)
extern "C" {

ssize_t write(int file, const void* bytes, size_t length) {
    return with_length(Call::write, length, [=](size_t part) { return ::syscall(SYS_write, file, bytes, part); });
}

ssize_t pwrite64(int file, const void* bytes, size_t length, off64_t offset) {
    return with_length(Call::pwrite, length,
                       [=](size_t part) { return ::syscall(SYS_pwrite64, file, bytes, part, offset); });
}

ssize_t read(int file, void* bytes, size_t length) {
    return with_length(Call::read, length, [=](size_t part) { return ::syscall(SYS_read, file, bytes, part); });
}

ssize_t pread64(int file, void* bytes, size_t length, off64_t offset) {
    return with_length(Call::pread, length,
                       [=](size_t part) { return ::syscall(SYS_pread64, file, bytes, part, offset); });
}

ssize_t preadv64(int file, const iovec* parts, int count, off64_t offset) {
    return with_parts(Call::pread, parts, count, [=](const iovec* some, int number) {
        return ::syscall(SYS_preadv, file, some, number, offset, 0);
    });
}

ssize_t pwritev64(int file, const iovec* parts, int count, off64_t offset) {
    return with_parts(Call::pwritev, parts, count, [=](const iovec* some, int number) {
        return ::syscall(SYS_pwritev, file, some, number, offset, 0);
    });
}

ssize_t copy_file_range(int from, off64_t* from_offset, int to, off64_t* to_offset, size_t length, unsigned flags) {
    return with_length(Call::copy_file_range, length, [=](size_t part) {
        return ::syscall(SYS_copy_file_range, from, from_offset, to, to_offset, part, flags);
    });
}

int fallocate64(int file, int mode, off64_t offset, off64_t length) {
    return whole(Call::fallocate, [=] { return ::syscall(SYS_fallocate, file, mode, offset, length); });
}

int fsync(int file) {
    return whole(Call::fsync, [=] { return ::syscall(SYS_fsync, file); });
}

int fdatasync(int file) {
    return whole(Call::fsync, [=] { return ::syscall(SYS_fdatasync, file); });
}

int syncfs(int file) noexcept {
    return whole(Call::fsync, [=] { return ::syscall(SYS_syncfs, file); });
}

int fchmod(int file, mode_t mode) noexcept {
    return whole(Call::fchmod, [=] { return ::syscall(SYS_fchmod, file, mode); });
}

int link(const char* from, const char* to) noexcept {
    return whole(Call::link, [=] { return ::syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0); });
}

int linkat(int from_folder, const char* from, int to_folder, const char* to, int flags) noexcept {
    return whole(Call::link, [=] { return ::syscall(SYS_linkat, from_folder, from, to_folder, to, flags); });
}

int rename(const char* from, const char* to) noexcept {
    return whole(Call::rename, [=] { return ::syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0); });
}

int renameat(int from_folder, const char* from, int to_folder, const char* to) noexcept {
    return whole(Call::rename, [=] { return ::syscall(SYS_renameat2, from_folder, from, to_folder, to, 0); });
}

int renameat2(int from_folder, const char* from, int to_folder, const char* to, unsigned flags) noexcept {
    return whole(Call::rename, [=] { return ::syscall(SYS_renameat2, from_folder, from, to_folder, to, flags); });
}

int ftruncate64(int file, off64_t length) noexcept {
    return whole(Call::ftruncate, [=] { return ::syscall(SYS_ftruncate, file, length); });
}

// A close() that fails has closed all the same.
int close(int file) {
    const Effect effect = strike(Call::close);
    const int reason = errno;
    const long result = ::syscall(SYS_close, file);
    if (effect != Effect::error) return static_cast<int>(result);
    errno = reason;
    return -1;
}

int open64(const char* path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    const mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    return open_file(AT_FDCWD, path, flags, mode);
}

int openat64(int folder, const char* path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    const mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    return open_file(folder, path, flags, mode);
}

void* mmap64(void* place, size_t length, int protection, int flags, int file, off64_t offset) noexcept {
    if (strike(Call::mmap) == Effect::error) return MAP_FAILED;
    return reinterpret_cast<void*>(::syscall(SYS_mmap, place, length, protection, flags, file, offset));
}

int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*start)(void*),
                   void* argument) noexcept {
    if (strike(Call::thread) == Effect::error) return errno;
    return real_pthread_create()(thread, attributes, start, argument);
}

void* malloc(size_t size) noexcept {
    return allocate(__builtin_return_address(0), [=] { return __libc_malloc(size); });
}

void* aligned_alloc(size_t alignment, size_t size) noexcept {
    return allocate(__builtin_return_address(0), [=] { return __libc_memalign(alignment, size); });
}

int unlink(const char* path) noexcept {
    return whole(Call::unlink, [=] { return ::syscall(SYS_unlinkat, AT_FDCWD, path, 0); });
}

int __libc_start_main(Main program, int count, char** words, void (*before)(), void (*after)(), void (*loader)(),
                      void* stack) {
    real_main = program;
    const auto real = reinterpret_cast<StartMain>(::dlsym(RTLD_NEXT, "__libc_start_main"));
    return real(&counted_main, count, words, before, after, loader, stack);
}

// On 64 bits the names without 64 are the same functions.
ssize_t pwrite(int, const void*, size_t, off_t) __attribute__((alias("pwrite64")));
ssize_t pread(int, void*, size_t, off_t) __attribute__((alias("pread64")));
ssize_t preadv(int, const iovec*, int, off_t) __attribute__((alias("preadv64")));
ssize_t pwritev(int, const iovec*, int, off_t) __attribute__((alias("pwritev64")));
int fallocate(int, int, off_t, off_t) __attribute__((alias("fallocate64")));
int ftruncate(int, off_t) noexcept __attribute__((alias("ftruncate64")));
int open(const char*, int, ...) __attribute__((alias("open64")));
int openat(int, const char*, int, ...) __attribute__((alias("openat64")));
void* mmap(void*, size_t, int, int, int, off_t) noexcept __attribute__((alias("mmap64")));
}
