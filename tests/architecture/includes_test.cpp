#include "architecture/includes.hpp"

#include <gmock/gmock.h>

#include "support/temporary_folder.hpp"

namespace rpixen::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

TEST(Architecture, EveryIncludeKeepsTheHouseRules) {
    const HouseRules rules = read_house_rules(
        read_file(std::filesystem::path(RPIXEN_SOURCE_FOLDER) / "tests/architecture/rooms.txt"));
    EXPECT_THAT(find_violations(RPIXEN_SOURCE_FOLDER, rules), IsEmpty());
}

TEST(Architecture, EveryRoomIsBuilt) {
    const HouseRules rules = read_house_rules(
        read_file(std::filesystem::path(RPIXEN_SOURCE_FOLDER) / "tests/architecture/rooms.txt"));
    const std::string build = read_file(std::filesystem::path(RPIXEN_SOURCE_FOLDER) / "lib/CMakeLists.txt");
    for (const std::string& room : rules.rooms) EXPECT_THAT(build, HasSubstr(' ' + room)) << room;
}

constexpr const char* small_rules = R"(
room base           # a comment
room tree: base
system unistd.h sys/
foreign libfdt.h: lib/tree/fdt.cpp
foreign ext2fs/: lib/tree/deep/
)";

/// A house that keeps the rules; each test breaks one.
struct House {
    TemporaryFolder folder;
    House() {
        folder.write("lib/include/rpixen/error.hpp", "#include <string>\n#include <rpixen/error.hpp>\n");
        folder.write("lib/base/size.hpp", "#pragma once\n#include <rpixen/error.hpp>\n");
        folder.write("lib/tree/tree.cpp", "#include \"base/size.hpp\"\n#include <unistd.h>\n#include <sys/stat.h>\n");
        folder.write("lib/tree/fdt.cpp", "  #  include <libfdt.h>\n// #include <boost/x.hpp>\n");
        folder.write("lib/tree/deep/ext.hpp", "#include <ext2fs/ext2fs.h>\n");
        folder.write("lib/tree/deep/ext.cpp", "#include \"tree/deep/ext.hpp\"\n");
        folder.write("cli/run.hpp", "#include <rpixen/error.hpp>\n");
        folder.write("cli/main.cpp", "#include \"run.hpp\"\n");
    }
    std::vector<std::string> violations() const {
        return find_violations(folder.path(), read_house_rules(small_rules));
    }
};

TEST(Architecture, AGoodHouseHasNoViolations) {
    EXPECT_THAT(House().violations(), IsEmpty());
}

TEST(Architecture, SeesAnIncludeAgainstTheDirection) {
    House house;
    house.folder.write("lib/tree/tree.hpp", "");
    house.folder.write("lib/base/size.cpp", "#include <string>\n#include \"tree/tree.hpp\"\n");
    EXPECT_THAT(house.violations(),
                ElementsAre("lib/base/size.cpp:2: tree/tree.hpp is a room that base may not include"));
}

TEST(Architecture, SeesAnIncludeThatIsNotWrittenFromLib) {
    House house;
    house.folder.write("lib/base/size.cpp",
                       "#include \"size.hpp\"\n#include \"base/missing.hpp\"\n#include \"../cli/run.hpp\"\n");
    EXPECT_THAT(house.violations(), ElementsAre(HasSubstr("size.cpp:1: size.hpp is not written from lib/"),
                                                HasSubstr("size.cpp:2: base/missing.hpp is not"),
                                                HasSubstr("size.cpp:3: ../cli/run.hpp is not")));
}

TEST(Architecture, SeesAPublicHeaderThatLeaks) {
    House house;
    house.folder.write("lib/include/rpixen/leak.hpp",
                       "#include <libfdt.h>\n#include \"base/size.hpp\"\n#include <unistd.h>\n#include "
                       "<rpixen/missing.hpp>\n");
    EXPECT_THAT(house.violations(),
                ElementsAre(HasSubstr("leak.hpp:1: libfdt.h is neither"), HasSubstr("leak.hpp:2: base/size.hpp is"),
                            HasSubstr("leak.hpp:3: unistd.h is"), HasSubstr("missing.hpp does not exist")));
}

TEST(Architecture, SeesAForeignHeaderOutsideItsPlace) {
    House house;
    house.folder.write("lib/tree/other.cpp", "#include <libfdt.h>\n");
    house.folder.write("cli/other.cpp", "#include <unknown/library.h>\n");
    EXPECT_THAT(house.violations(), ElementsAre("cli/other.cpp:1: unknown/library.h is a header of no known library",
                                                "lib/tree/other.cpp:1: libfdt.h is foreign and has another place"));
}

TEST(Architecture, SeesAHeaderThatCarriesAForeignOneOut) {
    House house;
    house.folder.write("lib/tree/other.cpp", "#include \"tree/deep/ext.hpp\"\n");
    EXPECT_THAT(house.violations(), ElementsAre(HasSubstr("brings a foreign header into another folder")));
}

TEST(Architecture, SeesTheCliReachingInside) {
    House house;
    house.folder.write("cli/other.cpp", "#include \"base/size.hpp\"\n");
    EXPECT_THAT(house.violations(), ElementsAre(StartsWith("cli/other.cpp:1: base/size.hpp is no header of cli")));
}

TEST(Architecture, SeesAFolderThatIsNoRoom) {
    House house;
    house.folder.write("lib/attic/x.txt", "");
    EXPECT_THAT(house.violations(), ElementsAre(HasSubstr("lib/attic:0:  is no room")));
}

TEST(Architecture, RulesThatAreNoneAreRefused) {
    EXPECT_THROW(read_house_rules("room tree: base\n"), std::runtime_error);  // base does not stand above
    EXPECT_THROW(read_house_rules("foreign libfdt.h\n"), std::runtime_error);
    EXPECT_THROW(read_house_rules("attic base\n"), std::runtime_error);
}

}  // namespace
}  // namespace rpixen::test
