#pragma once

#include "flash/card_device.hpp"
#include "storage/file_descriptor.hpp"

namespace rpixen {

/// A disk that nobody else has in use while this is there (O_EXCL of a block device, open(2)). It is read and written
/// past the system's cache where the system can, so that the rate is the device's, and a failure has its place.
class BlockDevice final : public CardDevice {
  public:
    /// Throws Error{io}: no such device, no permission, in use; Error{usage} where it is no block device, Error{unfit}
    /// where its sectors are larger than a page.
    explicit BlockDevice(std::string path);
    /// Has the system read the partition table anew, where something was written.
    ~BlockDevice() override;

    const std::string& name() const override { return path_; }
    std::uint64_t size() const override { return size_; }
    void write(std::uint64_t place, ByteView bytes) override;
    void read(std::uint64_t place, MutableBytes bytes) override;
    void settle() override;

  private:
    std::string path_;
    FileDescriptor descriptor_;
    std::uint64_t size_ = 0;
    bool written_ = false;
};

}  // namespace rpixen
