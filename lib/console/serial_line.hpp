#pragma once

#include <string>
#include <string_view>

namespace rpixen {

/// The near end of a board's serial line: an emulator's or a real one.
class SerialLine {
  public:
    virtual ~SerialLine() = default;
    /// Readable when the board says something; at its end when the line is gone.
    virtual int serial() const = 0;
    virtual void type(std::string_view keys) = 0;
    /// Once in every pulse of a watch. Throws where what drives the line has failed.
    virtual void check() {}
    /// The board is just being switched on: what is heard may still be of its life before.
    virtual bool starting() { return false; }
    /// In words: what it is when the line is at its end.
    virtual std::string whose_end() const = 0;
    /// Why, where it is known; lines.
    virtual std::string complaint() const { return {}; }
};

}  // namespace rpixen
