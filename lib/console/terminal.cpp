#include "console/terminal.hpp"

namespace rpixen {

RawTerminal::RawTerminal(int descriptor) : descriptor_(descriptor) {
    if (::tcgetattr(descriptor, &before_) != 0) return;
    termios raw = before_;
    ::cfmakeraw(&raw);
    changed_ = ::tcsetattr(descriptor, TCSANOW, &raw) == 0;
}

RawTerminal::~RawTerminal() {
    if (changed_) ::tcsetattr(descriptor_, TCSAFLUSH, &before_);
}

}  // namespace rpixen
