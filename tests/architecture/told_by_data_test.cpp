#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "architecture/patterns.hpp"
#include "support/temporary_folder.hpp"

// What a value is, its data says: no type is asked for at run time, and no two descriptors are compared to learn
// whether bytes lie in the same file.

namespace rpixen::test {
namespace {

const std::vector<std::string> guessed{
    R"(\b(dynamic_cast|dynamic_pointer_cast|typeid)\b)",
    R"(\bdescriptor\(\) [=!]= )",
    R"([=!]= [\w.>()-]*\bdescriptor\(\))",
};

TEST(ToldByData, NoTypeAndNoDescriptorIsCompared) {
    EXPECT_THAT(matches(RPIXEN_SOURCE_FOLDER, guessed), testing::IsEmpty());
}

TEST(ToldByData, OneThatIsIsSeen) {
    const TemporaryFolder folder;
    folder.write("cli/a.hpp", "#pragma once\n");
    folder.write("lib/a.cpp",
                 "auto* a = dynamic_cast<const B*>(content.source.get());\n"
                 "auto b = std::dynamic_pointer_cast<B>(a);\n"
                 "bool c = source->descriptor() != other && file == content.source->descriptor();\n"
                 "bool d = content.source->descriptor() >= 0;\n");
    EXPECT_EQ(matches(folder.path(), guessed).size(), 4U);
}

}  // namespace
}  // namespace rpixen::test
