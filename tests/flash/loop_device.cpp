#include "flash/loop_device.hpp"

#include <unistd.h>

#include <fstream>
#include <sstream>
#include <stdexcept>

namespace rpixen::test {
namespace {

std::string filled_file(const TemporaryFolder& folder, std::uint64_t size) {
    const std::string path = folder / "card";
    std::ofstream file(path, std::ios::binary);
    const std::string piece(1 << 20, '\xff');
    for (std::uint64_t done = 0; done < size; done += piece.size())
        file.write(piece.data(), static_cast<std::streamsize>(std::min<std::uint64_t>(piece.size(), size - done)));
    if (!file.flush()) throw std::runtime_error("cannot write " + path);
    return path;
}

std::vector<std::string> command(const TemporaryFolder& folder, std::uint64_t size,
                                 const std::vector<std::string>& options) {
    std::vector<std::string> words{"/usr/bin/python3", RPIXEN_BAD_CARD, folder.path().string(), std::to_string(size)};
    words.insert(words.end(), options.begin(), options.end());
    return words;
}

/// Of a device, ever: the seventh number counts sectors of 512 bytes (Documentation/block/stat.rst).
std::uint64_t bytes_written(const std::string& device) {
    std::istringstream words(read_file("/sys/block" + device.substr(device.rfind('/')) + "/stat"));
    std::uint64_t number = 0;
    for (int place = 1; place <= 7; ++place) words >> number;
    return number * 512;
}

}  // namespace

LoopDevice::LoopDevice(const std::string& file) : path_(run_ok({"losetup", "--find", "--show", file})) {
    while (path_.ends_with('\n')) path_.pop_back();
    before_ = bytes_written(path_);
}

LoopDevice::~LoopDevice() {
    run({"losetup", "--detach", path_});
}

std::uint64_t LoopDevice::written() const {
    return bytes_written(path_) - before_;
}

GoodCard::GoodCard(std::uint64_t size) : device_(filled_file(folder_, size)) {}

BadCard::BadCard(std::uint64_t size, const std::vector<std::string>& options)
    : server_(command(folder_, size, options)) {
    const std::string card = folder_ / "card";
    for (int tries = 0; ::access(card.c_str(), F_OK) != 0; ++tries) {
        if (tries == 200 || server_.ended())
            throw std::runtime_error("bad_card.py does not start: " + server_.finish().err);
        ::usleep(50'000);
    }
    device_ = std::make_unique<LoopDevice>(card);
}

BadCard::~BadCard() {
    device_.reset();
    for (int tries = 0; tries < 100 && run({"umount", folder_.path().string()}).status != 0; ++tries) ::usleep(50'000);
}

}  // namespace rpixen::test
