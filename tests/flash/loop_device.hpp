#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "support/run.hpp"
#include "support/temporary_folder.hpp"

namespace rpixen::test {

/// A loop device of its own; to be root is needed.
class LoopDevice {
  public:
    explicit LoopDevice(const std::string& file);
    ~LoopDevice();
    LoopDevice(const LoopDevice&) = delete;
    LoopDevice& operator=(const LoopDevice&) = delete;

    const std::string& path() const { return path_; }
    /// Bytes that were written to it since then, as the kernel counts them.
    std::uint64_t written() const;

  private:
    std::string path_;
    std::uint64_t before_ = 0;  ///< a loop device goes on counting when it gets another file
};

/// A loop device over a good card, of `size` bytes that are all 0xFF: whatever is left out stands out.
class GoodCard {
  public:
    explicit GoodCard(std::uint64_t size);
    const std::string& path() const { return device_.path(); }
    LoopDevice& device() { return device_; }

  private:
    TemporaryFolder folder_;
    LoopDevice device_;
};

/// A loop device over bad_card.py, with its options.
class BadCard {
  public:
    BadCard(std::uint64_t size, const std::vector<std::string>& options);
    ~BadCard();
    BadCard(const BadCard&) = delete;
    BadCard& operator=(const BadCard&) = delete;
    const std::string& path() const { return device_->path(); }

  private:
    TemporaryFolder folder_;
    Started server_;
    std::unique_ptr<LoopDevice> device_;
};

}  // namespace rpixen::test
