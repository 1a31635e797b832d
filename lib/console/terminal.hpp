#pragma once

#include <termios.h>

namespace rpixen {

/// A terminal in raw mode, so that every key but the leave key reaches the card; as it was again when this
/// ends. Does nothing where the descriptor is no terminal.
class RawTerminal {
  public:
    explicit RawTerminal(int descriptor);
    RawTerminal(const RawTerminal&) = delete;
    RawTerminal& operator=(const RawTerminal&) = delete;
    ~RawTerminal();

  private:
    int descriptor_;
    bool changed_ = false;
    termios before_{};
};

}  // namespace rpixen
