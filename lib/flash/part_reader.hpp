#pragma once

#include <array>
#include <functional>
#include <future>
#include <optional>
#include <vector>

#include "base/size.hpp"
#include "flash/page_buffer.hpp"

namespace rpixen {

/// Reads parts one after another, each on another thread while the one before it is in use.
class PartReader {
  public:
    using Read = std::function<void(Range place, MutableBytes out)>;

    struct Part {
        Range place;
        MutableBytes bytes;  ///< until the next call of next()
    };

    PartReader(std::vector<Range> parts, Read read);

    /// Nothing behind the last one. Throws what reading threw.
    std::optional<Part> next();

  private:
    void begin(std::size_t index);

    std::vector<Range> parts_;
    Read read_;
    std::array<PageBuffer, 2> buffers_;
    std::size_t next_ = 0;
    std::future<void> reading_;  ///< of the next part; the last member: it ends before what it uses
};

}  // namespace rpixen
