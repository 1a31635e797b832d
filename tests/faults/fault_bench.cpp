#include "faults/fault_bench.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <new>
#include <stdexcept>

#include "base/digest.hpp"
#include "storage/file_descriptor.hpp"

namespace rpixen::test {
namespace {

/// Of the bytes of a file that are not zero, and their places; holes are passed over.
std::string fingerprint(const std::string& path) {
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) return "missing";
    Sha256 sha256;
    std::array<char, 4096> block{};
    const std::array<char, 4096> zeros{};
    const off_t size = ::lseek(file.get(), 0, SEEK_END);
    sha256.update(std::to_string(size));
    for (off_t data = ::lseek(file.get(), 0, SEEK_DATA); data >= 0;) {
        const off_t hole = ::lseek(file.get(), data, SEEK_HOLE);
        for (off_t at = data - data % 4096; at < hole; at += 4096) {
            const ssize_t count = ::pread(file.get(), block.data(), block.size(), at);
            if (count <= 0) return "unreadable";
            const std::string_view bytes(block.data(), static_cast<std::size_t>(count));
            if (bytes == std::string_view(zeros.data(), bytes.size())) continue;
            sha256.update(std::to_string(at)).update(bytes);
        }
        data = ::lseek(file.get(), hole, SEEK_DATA);
    }
    return hex(sha256.finish());
}

bool same_inode(const std::string& one, const std::string& other) {
    struct stat a {};
    struct stat b {};
    return ::stat(one.c_str(), &a) == 0 && ::stat(other.c_str(), &b) == 0 && a.st_ino == b.st_ino;
}

std::string value_name(Effect effect, int value) {
    if (effect == Effect::short_count) return "short";
    if (effect == Effect::none) return "none";
    return effect == Effect::signal ? ::sigabbrev_np(value) : ::strerrorname_np(value);
}

}  // namespace

std::string Fault::kind() const {
    return std::string(call == Call::count ? "any call" : call_names[static_cast<std::size_t>(call)]) + ": " +
           value_name(effect, value) + (and_later ? " from there on" : "");
}

std::string Fault::text() const {
    return kind() + " at place " + std::to_string(place);
}

std::string Setting::text() const {
    return std::string(unnamed ? "unnamed" : "named") + (packed ? ", tar.gz" : ", tar");
}

FaultBench::FaultBench(Setting setting) : kit_(folder_), setting_(setting) {
    if (setting.packed) {
        run_ok({"gzip", "-kn", folder_ / "rootfs.tar"});
        std::string manifest = read_file(folder_ / "manifest.json");
        manifest.replace(manifest.find("rootfs.tar"), 10, "rootfs.tar.gz");
        folder_.write("manifest.json", manifest);
    }
    const std::string file = folder_.write("faults", std::string(sizeof(ShimState), '\0'));
    const FileDescriptor shared(::open(file.c_str(), O_RDWR | O_CLOEXEC));
    void* place = ::mmap(nullptr, sizeof(ShimState), PROT_READ | PROT_WRITE, MAP_SHARED, shared.get(), 0);
    if (place == MAP_FAILED) throw std::runtime_error("mmap failed");
    state_ = new (place) ShimState;

    std::filesystem::create_directories(folder_ / "out");
    std::filesystem::create_directories(folder_ / "older");
    run_ok({"env", "SOURCE_DATE_EPOCH=1000000000", RPIXEN_PROGRAM, "compose", folder_ / "manifest.json", "-o",
            folder_ / "older/card.img", "--report", folder_ / "older/report.json"});
    older_image_ = fingerprint(folder_ / "older/card.img");
    older_report_ = read_file(folder_ / "older/report.json");
    restore();
    const Outcome sound = compose({});
    if (sound.run.status != 0) throw std::runtime_error("the card cannot be composed: " + sound.run.err);
    newer_image_ = fingerprint(out("card.img"));
    newer_report_ = read_file(out("report.json"));
    if (newer_image_ == older_image_ || newer_report_ == older_report_)
        throw std::runtime_error("the older card is not another");
    restore();
}

FaultBench::~FaultBench() {
    ::munmap(state_, sizeof(ShimState));
}

std::vector<std::string> FaultBench::environment(const Fault& fault) const {
    state_->call = fault.call;
    state_->place = fault.place;
    state_->and_later = fault.and_later;
    state_->effect = fault.effect;
    state_->value = fault.value;
    state_->refuse_unnamed = !setting_.unnamed;
    state_->started = false;
    state_->injected = 0;
    for (auto& count : state_->counts) count = 0;
    return {std::string("LD_PRELOAD=") + RPIXEN_SHIM, std::string(shim_variable) + "=" + folder_ / "faults"};
}

std::unique_ptr<Started> FaultBench::start(const Fault& fault) const {
    return std::make_unique<Started>(std::vector<std::string>{RPIXEN_PROGRAM, "compose", folder_ / "manifest.json",
                                                              "-o", out("card.img"), "--report", out("report.json")},
                                     environment(fault));
}

Outcome FaultBench::finish(Started& started) const {
    Outcome outcome;
    outcome.run = started.finish();
    outcome.started = state_->started;
    outcome.injected = state_->injected;
    for (const auto& count : state_->counts) outcome.counts.push_back(count);
    return outcome;
}

Outcome FaultBench::run_script(const std::string& script) const {
    Started started({"sh", "-c", script});
    return finish(started);
}

/// For a shell.
std::string FaultBench::command() const {
    return std::string("'") + RPIXEN_PROGRAM + "' compose '" + (folder_ / "manifest.json") + "' -o '" +
           out("card.img") + "' --report '" + out("report.json") + "' ";
}

Outcome FaultBench::compose(const Fault& fault, const std::string& shell) const {
    if (shell.empty()) return finish(*start(fault));
    std::string settings;  // the shell itself is not preloaded
    for (const std::string& variable : environment(fault)) settings += " '" + variable + "'";
    return run_script("exec env" + settings + " " + command() + shell);
}

Outcome FaultBench::compose_after(const std::string& commands) const {
    return run_script(commands + command());
}

Outcome FaultBench::compose_into_closed_pipe(const std::string& options) const {
    const std::string pipe = folder_ / "pipe";
    // Descriptor 4 is the writing end of a pipe whose only reader, descriptor 3, is closed.
    return run_script("rm -f '" + pipe + "'; mkfifo '" + pipe + "' && exec 3<>'" + pipe + "' 4>'" + pipe +
                      "' 3<&- && exec " + command() + options + " >&4");
}

bool FaultBench::started() const {
    return state_->started;
}

bool FaultBench::has_older_image() const {
    return same_inode(out("card.img"), folder_ / "older/card.img") || fingerprint(out("card.img")) == older_image_;
}

Pair FaultBench::pair() const {
    const std::string report = std::filesystem::exists(out("report.json")) ? read_file(out("report.json")) : "missing";
    if (has_older_image()) return report == older_report_ ? Pair::older : Pair::mixed;
    return report == newer_report_ && fingerprint(out("card.img")) == newer_image_ ? Pair::newer : Pair::mixed;
}

std::vector<std::string> FaultBench::leftovers() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder_ / "out")) {
        const std::string name = entry.path().filename().string();
        if (name != "card.img" && name != "report.json") names.push_back(name);
    }
    return names;
}

void FaultBench::restore() const {
    for (const auto& entry : std::filesystem::directory_iterator(folder_ / "out"))
        std::filesystem::remove(entry.path());
    for (const char* name : {"card.img", "report.json"})
        std::filesystem::create_hard_link(folder_ / ("older/" + std::string(name)), out(name));
}

void FaultBench::copy_older() const {
    for (const char* name : {"card.img", "report.json"})
        run_ok({"cp", "--sparse=always", folder_ / ("older/" + std::string(name)), out(name)});
}

std::uint64_t FaultBench::kibibytes_of_older() const {
    std::uint64_t kibibytes = 0;
    for (const char* name : {"card.img", "report.json"}) {
        struct stat status {};
        if (::stat((folder_ / ("older/" + std::string(name))).c_str(), &status) == 0)
            kibibytes += static_cast<std::uint64_t>(status.st_blocks) / 2;
    }
    return kibibytes;
}

std::string FaultBench::judge(const Outcome& outcome) const {
    static constexpr std::array<int, 9> documented{0, 2, 3, 4, 5, 6, 8, 130, 143};
    const int status = outcome.run.status;
    std::string wrong;
    if (outcome.run.signal != 0) wrong += "ended by signal " + std::to_string(outcome.run.signal) + "; ";
    if (std::find(documented.begin(), documented.end(), status) == documented.end() && status != 128 + SIGHUP)
        wrong += "status " + std::to_string(status) + "; ";
    if (status != 0 && outcome.run.err.find("rpixen-img: ") == std::string::npos) wrong += "no message; ";
    for (const std::string& name : leftovers()) wrong += name + " was left; ";
    const Pair found = pair();
    if (found == Pair::mixed) wrong += "image and report do not belong together; ";
    if ((found == Pair::newer) != (status == 0)) wrong += "status " + std::to_string(status) + " does not fit; ";
    return wrong.empty() ? wrong : wrong + outcome.run.err;
}

}  // namespace rpixen::test
