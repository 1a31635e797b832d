#include "console/plain_line.hpp"

#include <gtest/gtest.h>

namespace rpixen {
namespace {

struct Case {
    const char* name;
    std::string_view recorded;
    std::string_view said;
};
void PrintTo(const Case& value, std::ostream* out) {
    *out << value.name;
}

class Spoken : public testing::TestWithParam<Case> {};

TEST_P(Spoken, is_what_the_board_said) {
    EXPECT_EQ(spoken(plain_line(GetParam().recorded)), GetParam().said);
}

constexpr std::string_view xen = "(XEN) Xen version 4.17.7";

INSTANTIATE_TEST_SUITE_P(
    PlainLine, Spoken,
    testing::Values(
        Case{"as_it_came", "(XEN) Xen version 4.17.7\r\r", xen}, Case{"nothing", "\r", ""},
        Case{"kernel", "[    0.000000] Booting Linux on physical CPU 0x0", "Booting Linux on physical CPU 0x0"},
        Case{"colours", "\x1b[1;32m(XEN)\x1b[0m Xen version 4.17.7\x1b(B", xen},
        Case{"title", "\x1b]0;dom0\a(XEN) Xen version 4.17.7", xen},
        Case{"colours_without_escape", "[1;32m(XEN)[0m Xen version 4.17.7[m", xen},
        Case{"colours_written_out", "^[[32m(XEN)^[[0m Xen version 4.17.7", xen},
        Case{"minicom", "[2024-05-01 12:34:56] (XEN) Xen version 4.17.7", xen},
        Case{"minicom_extended", "[2024-05-01 12:34:56.789] (XEN) Xen version 4.17.7", xen},
        Case{"tio", "[12:34:56.789] (XEN) Xen version 4.17.7", xen},
        Case{"cutecom", "[12:34:56:789] (XEN) Xen version 4.17.7", xen},
        Case{"ts", "May 01 12:34:56 (XEN) Xen version 4.17.7", xen},
        Case{"ts_seconds", "[   12.345678] (XEN) Xen version 4.17.7", xen},
        Case{"iso", "2024-05-01T12:34:56.789+02:00 (XEN) Xen version 4.17.7", xen},
        Case{"iso_utc", "2024-05-01T12:34:56Z (XEN) Xen version 4.17.7", xen},
        Case{"tera_term", "[Wed May 01 12:34:56.789 2024] (XEN) Xen version 4.17.7", xen},
        Case{"arduino", "12:34:56.789 -> (XEN) Xen version 4.17.7", xen},
        Case{"grabserial", "[12.345678 0.001234] [    0.000000] Xen 4.17 support found", "Xen 4.17 support found"},
        Case{"two_stamps", "[12:34:56.789] [    0.000000] Xen 4.17 support found", "Xen 4.17 support found"},
        Case{"mail", "> > (XEN) Xen version 4.17.7", xen}, Case{"indented", "    (XEN) Xen version 4.17.7", xen},
        Case{"html", "U-Boot&gt; ", "U-Boot>"}, Case{"noise", "\xff\xfe\xef\xbf\xbd(XEN) Xen version 4.17.7", xen},
        Case{"utf_16", std::string_view("(\0X\0E\0N\0)\0 \0X\0e\0n\0", 18), "(XEN) Xen"},
        Case{"a_number_stays", "12:34:56 27386 bytes read in 212 ms", "27386 bytes read in 212 ms"},
        Case{"a_banner_stays", "U-Boot 2023.01 (Jan 06 2025 - 12:34:56 +0000)",
             "U-Boot 2023.01 (Jan 06 2025 - 12:34:56 +0000)"},
        Case{"an_address_stays", "gic [0x410fd083] 0", "gic [0x410fd083] 0"},
        Case{"a_bracket_stays", "[ end Kernel panic ]", "[ end Kernel panic ]"},
        Case{"an_escape_at_the_end", "x\x1b", "x"}),
    [](const auto& instance) { return std::string(instance.param.name); });

}  // namespace
}  // namespace rpixen
