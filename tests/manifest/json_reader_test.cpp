#include "manifest/json_reader.hpp"

#include <gmock/gmock.h>

#include <random>

namespace rpixen {
namespace {

using testing::HasSubstr;

Problem refusal(std::string_view text) {
    try {
        read_json(text, "m.json");
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::manifest);
        EXPECT_EQ(error.problems().size(), 1U);
        EXPECT_EQ(error.problems().front().location.file, "m.json");
        return error.problems().front();
    }
    ADD_FAILURE() << "read without complaint: " << text;
    return {};
}

const JsonValue& member(const JsonValue& object, std::string_view name) {
    for (const JsonMember& candidate : object.members)
        if (candidate.name == name) return candidate.value;
    throw std::runtime_error("no member " + std::string(name));
}

TEST(JsonReader, KnowsWhereValuesStand) {
    const std::string text =
        "{\n"
        "  \"a\": [1, -2.5e3, \"x\\\"y\\u00e9\", true],  // a, : comment\n"
        "  /* another\n"
        "   */ \"b/~\": { \"c\": null }\n"
        "}";
    const JsonDocument document = read_json(text, "m.json");
    EXPECT_TRUE(document.problems.empty());
    EXPECT_EQ(document.root.location, (Location{"m.json", "", 1, 1}));
    const JsonValue& a = member(document.root, "a");
    ASSERT_EQ(a.elements.size(), 4U);
    EXPECT_EQ(a.location, (Location{"m.json", "/a", 2, 8}));
    EXPECT_EQ(a.elements[0].location, (Location{"m.json", "/a/0", 2, 9}));
    EXPECT_EQ(a.elements[0].integer, 1U);
    EXPECT_EQ(a.elements[1].location, (Location{"m.json", "/a/1", 2, 12}));
    EXPECT_EQ(a.elements[1].integer, std::nullopt);
    EXPECT_EQ(a.elements[1].text, "-2.5e3");
    EXPECT_EQ(a.elements[2].location, (Location{"m.json", "/a/2", 2, 20}));
    EXPECT_EQ(a.elements[2].text, "x\"y\xC3\xA9");
    EXPECT_EQ(a.elements[3].location, (Location{"m.json", "/a/3", 2, 34}));
    EXPECT_EQ(document.root.members[1].location, (Location{"m.json", "/b~1~0", 4, 7}));
    EXPECT_EQ(member(member(document.root, "b/~"), "c").location, (Location{"m.json", "/b~1~0/c", 4, 21}));
}

TEST(JsonReader, PassesOverAByteOrderMark) {
    EXPECT_EQ(read_json("\xEF\xBB\xBF{}", "m.json").root.location, (Location{"m.json", "", 1, 1}));
}

TEST(JsonReader, CountsLinesThatEndInCarriageReturns) {
    EXPECT_EQ(member(read_json("{\r\n\"a\":\r\n1}", "m.json").root, "a").location, (Location{"m.json", "/a", 3, 1}));
}

TEST(JsonReader, ReportsEveryRepeatedKeyAndReadsOn) {
    const JsonDocument document = read_json("{\"a\": 1,\n \"b\": {\"c\": 1, \"c\": 2},\n \"a\": 3, \"a\": 4}",
                                            "m.json");
    ASSERT_EQ(document.problems.size(), 3U);
    EXPECT_EQ(document.problems[0].location, (Location{"m.json", "/b/c", 2, 16}));
    EXPECT_EQ(document.problems[1].location, (Location{"m.json", "/a", 3, 2}));
    EXPECT_EQ(document.problems[2].location, (Location{"m.json", "/a", 3, 10}));
    EXPECT_THAT(document.problems[1].text(), HasSubstr("\"a\" stands twice"));
    EXPECT_THAT(document.problems[1].text(), HasSubstr("line 1"));
    EXPECT_EQ(member(document.root, "a").integer, 1U);
}

TEST(JsonReader, SaysWhereTheSyntaxBreaks) {
    struct Case {
        std::string_view text;
        int line, column;
        std::string_view words;
    };
    for (const Case& wrong : {
             Case{"", 1, 1, "empty"},
             Case{" \n\t", 1, 1, "empty"},
             Case{"\xEF\xBB\xBF", 1, 1, "empty"},
             Case{"{", 1, 2, "end of input"},
             Case{"{\n  \"a\": 1,\n}", 3, 1, "remove the comma"},
             Case{"{\"a\": [1,]}", 1, 10, "remove the comma"},
             Case{"{\"a\": 1\n \"b\": 2}", 2, 2, "put a comma"},
             Case{"{\"a\" 1}", 1, 6, "':'"},
             Case{"{\"a\": tru}", 1, 10, "invalid literal"},
             Case{"{'a': 1}", 1, 2, "invalid literal"},
             Case{"{\"a\": \"b\n\"}", 1, 9, "must be escaped"},
             Case{"{\"a\": \"\xff\"}", 1, 8, "UTF-8"},
             Case{"{\"a\": \"\\x\"}", 1, 9, "invalid string"},
             Case{"{\"a\": \"\\ud800\"}", 1, 14, "surrogate"},
             Case{"{\"a\": 01}", 1, 9, "number"},
             Case{"{\"a\": 1e999}", 1, 11, "overflow"},
             Case{"{} {}", 1, 4, "end of input"},
             Case{"/* never closed", 1, 16, "comment"},
         }) {
        const Problem problem = refusal(wrong.text);
        EXPECT_EQ(problem.location.line, wrong.line) << wrong.text << '\n' << problem.text();
        EXPECT_EQ(problem.location.column, wrong.column) << wrong.text << '\n' << problem.text();
        EXPECT_THAT(problem.text(), HasSubstr(wrong.words)) << wrong.text;
    }
}

TEST(JsonReader, RefusesANulByteThatWouldHideTheRest) {
    const Problem problem = refusal(std::string_view("{}\n\0garbage", 11));
    EXPECT_EQ(problem.location, (Location{"m.json", "", 2, 1}));
    EXPECT_THAT(problem.text(), HasSubstr("NUL"));
}

TEST(JsonReader, RefusesWhatIsNestedTooDeeply) {
    const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
    EXPECT_NO_THROW(read_json(nested(64), "m.json"));
    EXPECT_THAT(refusal(nested(65)).text(), HasSubstr("nested too deeply"));
    EXPECT_THAT(refusal(std::string(3'000'000, '[')).text(), HasSubstr("64 levels"));
    std::string objects;
    for (int depth = 0; depth < 100'000; ++depth) objects += "{\"a\":";
    EXPECT_THAT(refusal(objects).text(), HasSubstr("nested too deeply"));
}

TEST(JsonReader, KeepsHugeIntegersOutOfRange) {
    EXPECT_EQ(read_json("18446744073709551615", "m.json").root.integer, 18446744073709551615U);
    EXPECT_EQ(read_json("18446744073709551616", "m.json").root.integer, std::nullopt);
    EXPECT_EQ(read_json("-1", "m.json").root.integer, std::nullopt);
    EXPECT_EQ(read_json("1.0", "m.json").root.integer, std::nullopt);
    EXPECT_EQ(read_json(std::string(300, '9'), "m.json").root.integer, std::nullopt);
}

TEST(JsonReader, ReadsAnObjectOfManyKeysInReasonableTime) {
    std::string text = "{";
    for (int key = 0; key < 100'000; ++key) text += "\"k" + std::to_string(key % 99'999) + "\":1,\n";
    text.replace(text.size() - 2, 2, "}");
    EXPECT_EQ(read_json(text, "m.json").problems.size(), 1U);
}

TEST(JsonReader, SurvivesDamagedText) {
    const std::string
        good = "{\"a\": [1, -2.5e3, \"x\\\"y\\u00e9\", true], // c\n /* d */ \"b\": {\"c\": null, \"c\": false}}";
    std::mt19937 random(7);
    for (int round = 0; round < 20'000; ++round) {
        std::string text = good;
        for (auto count = 1 + random() % 3; count > 0; --count)
            text[random() % text.size()] = (random() % 3 ? "{}[]\",:/*\\\n0-eu"[random() % 15]
                                                         : static_cast<char>(random() % 256));
        try {
            const JsonDocument document = read_json(text, "m.json");
            EXPECT_GE(document.root.location.line, 1);
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::manifest);
            EXPECT_GE(error.problems().front().location.line, 1);
        }
    }
}

}  // namespace
}  // namespace rpixen
