#include "manifest/variants.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "manifest/json_reader.hpp"
#include "support/run.hpp"
#include "support/temporary_folder.hpp"

#include <rpixen/matrix.hpp>

namespace rpixen {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

const std::string manifest = R"({ "manifest_version": 1, "name": "card",
  "artifacts": { "xen": "xen", "kernel": "Image", "dtb": "b.dtb", "uboot": "u.bin", "rootfs": ["root.tar"], "initrd": "i" } })";

std::string matrix_of(const std::string& rest) {
    return R"({ "matrix_version": 1, "manifest": "m.json", )" + rest + " }";
}

struct Made {
    std::vector<Variant> variants;
    std::uint64_t excluded = 0;
};

Made make(const std::string& rest, const VariantLimits& limits = {}) {
    Made made;
    made.excluded = each_variant(
        parse_matrix(matrix_of(rest), "x.json"), read_json(manifest, "m.json"), "m.json", "",
        [&](Variant variant) { made.variants.push_back(std::move(variant)); }, limits);
    return made;
}

std::vector<Problem> mistakes_of(const std::string& rest, const VariantLimits& limits = {}) {
    try {
        make(rest, limits);
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::manifest);
        return error.problems();
    }
    ADD_FAILURE() << "taken: " << rest;
    return {Problem{}};
}

const std::string mem = R"("mem": { "at": "/boot/dom0_mem", "values": ["512MiB", "1GiB"] })";
const std::string board = R"("board": { "values": [ { "name": "4b", "set": {} },
    { "name": "cm4", "set": { "/artifacts/dtb": "cm4.dtb", "/boot/dom0_mem": "rest" } } ] })";

TEST(Variants, AreEveryCombinationTheLastAxisChangingFastest) {
    const Made made = make("\"axes\": {" + mem + "," + board + "}");
    std::vector<std::string> names;
    for (const Variant& variant : made.variants) names.push_back(variant.manifest.name);
    EXPECT_THAT(names, ElementsAre("card-512MiB-4b", "card-512MiB-cm4", "card-1GiB-4b", "card-1GiB-cm4"));
    EXPECT_EQ(made.variants[2].manifest.dom0_mem, "1GiB");
    EXPECT_EQ(made.variants[3].manifest.dom0_mem, "rest") << "a later axis edits what an earlier one left";
    EXPECT_EQ(made.variants[3].manifest.dtbs.at(0).path, "cm4.dtb");
    EXPECT_EQ(made.variants[3].number, 4U);
    EXPECT_THAT(made.variants[3].values, ElementsAre("1GiB", "cm4"));
    EXPECT_EQ(made.excluded, 0U);
}

TEST(Variants, OfARowAreLeftOut) {
    const Made made = make(
        "\"axes\": {" + mem + "," + board +
        R"(}, "exclude": [ { "mem": "1GiB", "board": "cm4" }, { "mem": ["512MiB"], "board": ["4b"] } ])");
    ASSERT_EQ(made.variants.size(), 2U);
    EXPECT_EQ(made.variants[0].manifest.name, "card-512MiB-cm4");
    EXPECT_EQ(made.variants[1].manifest.name, "card-1GiB-4b");
    EXPECT_EQ(made.variants[1].number, 2U);
    EXPECT_EQ(made.excluded, 2U);
}

TEST(Variants, EditAnyPlaceOfTheManifest) {
    const Made made = make(R"("name": "v{n}", "axes": { "n": { "values": [
        { "name": "1", "set": { "/artifacts/initrd": null, "/artifacts/xsm_policy": null } },
        { "name": "2", "set": { "/artifacts/rootfs/-": "more.tar", "/artifacts/rootfs/0": "other.tar" } },
        { "name": "3", "set": { "/image/root_partition/free": "1GiB", "/boot/env/ab": "c" } } ] } })");
    EXPECT_TRUE(made.variants[0].manifest.modules.empty());
    EXPECT_EQ(made.variants[1].manifest.rootfs.at(0).path, "other.tar");
    EXPECT_EQ(made.variants[1].manifest.rootfs.at(1).path, "more.tar");
    EXPECT_EQ(made.variants[2].manifest.root_free, 1ULL << 30);
    EXPECT_EQ(made.variants[2].manifest.env.at(0).first, "ab");
    EXPECT_EQ(made.variants[2].manifest.name, "v3");
}

TEST(Variants, NamesOfNumbersAreTheirWords) {
    const Made made = make(R"("axes": { "free": { "at": "/image/root_partition/free", "values": [4194304,
        { "name": "much", "value": 1073741824 }] } }, "exclude": [ { "free": 4194304 } ])");
    ASSERT_EQ(made.variants.size(), 1U);
    EXPECT_EQ(made.variants[0].manifest.name, "card-much");
}

TEST(Variants, AMistakeNamesTheVariantThePointerAndTheLine) {
    const auto problems = mistakes_of("\"axes\": {\n" + board +
                                      R"(, "mem": { "at": "/boot/dom0_mem", "values": ["512MiB", "half"] } })");
    ASSERT_EQ(problems.size(), 1U) << "what two variants have in common is told once";
    EXPECT_THAT(problems[0].message, HasSubstr("variant 2 (card-4b-half)"));
    EXPECT_EQ(problems[0].location.pointer, "/boot/dom0_mem");
    EXPECT_EQ(problems[0].location.file, "x.json");
    EXPECT_EQ(problems[0].location.line, 3);
}

TEST(Variants, AMistakeOfTheManifestPointsIntoIt) {
    const auto problems = mistakes_of(R"("axes": { "k": { "at": "/artifacts/kernel", "values": ["a", "b"] },
        "o": { "values": [ { "name": "x", "set": { "/artifacts/uboot": null } } ] } })");
    ASSERT_EQ(problems.size(), 1U);
    EXPECT_EQ(problems[0].location.file, "m.json");
    EXPECT_EQ(problems[0].location.pointer, "/artifacts");
}

TEST(Variants, RefusePlacesThatAreNone) {
    for (const char* place :
         {"/artifacts/rootfs/7", "/artifacts/rootfs/01", "/artifacts/xen/path", "/artifacts/rootfs/-/x"}) {
        const auto problems = mistakes_of(R"("name": "v{n}", "axes": { "n": { "values": [ { "name": "1", "set": { ")" +
                                          std::string(place) + R"(": "x" } } ] } })");
        EXPECT_THAT(problems[0].message, HasSubstr("no such place")) << place;
        EXPECT_EQ(problems[0].found, place);
        EXPECT_EQ(problems[0].location.file, "x.json");
    }
}

TEST(Variants, HaveNamesThatDiffer) {
    const auto problems = mistakes_of("\"name\": \"{name}-{board}\", \"axes\": {" + mem + "," + board + "}");
    ASSERT_EQ(problems.size(), 2U);
    EXPECT_THAT(problems[0].message, HasSubstr("two variants of one name"));
    EXPECT_EQ(problems[0].location.pointer, "/name");
}

TEST(Variants, MeetTheirLimits) {
    const std::string axes = "\"axes\": {" + mem + "," + board + "}";
    EXPECT_EQ(make(axes, {4, 4, 1 << 20}).variants.size(), 4U);
    EXPECT_THAT(mistakes_of(axes, {3, 4, 1 << 20})[0].message, HasSubstr("too many combinations"));
    EXPECT_THAT(mistakes_of(axes, {4, 3, 1 << 20})[0].message, HasSubstr("too many variants"));
    EXPECT_THAT(mistakes_of(axes, {4, 4, 1 << 10})[0].message, HasSubstr("too large together"));
    const std::string nothing = R"(, "exclude": [ { "mem": ["512MiB", "1GiB"] } ])";
    EXPECT_THAT(mistakes_of(axes + nothing)[0].message, HasSubstr("every combination is excluded"));
    // Many mistakes are told up to a number.
    std::string values;
    for (int value = 0; value < 150; ++value) values += (value ? ",\"" : "\"") + std::to_string(value) + "\"";
    EXPECT_EQ(mistakes_of(R"("axes": { "mem": { "at": "/boot/dom0_mem", "values": [)" + values + "] } }").size(), 101U);
}

// --- What a matrix may say: the parser and the schema, which the field's own validator reads

const std::string whole = matrix_of(R"("$schema": "matrix.schema.json", "name": "{name}-{mem}",
    "axes": {)" + mem + "," + board +
                                    R"(, "n": { "at": "/boot/env/n", "values": [ 1, true,
        { "name": "x", "value": null, "set": { "/boot/env/m": "1" } } ] } },
    "exclude": [ { "mem": "1GiB", "board": ["cm4", "4b"] }, { "n": 1 } ])");

bool is_taken(const std::string& text) {
    try {
        parse_matrix(text, "x.json");
        return true;
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::manifest);
        return false;
    }
}

TEST(Matrix, SchemaAndParserJudgeEveryChangeAlike) {
    const json full = json::parse(whole);
    std::vector<std::string> texts{whole, matrix_of(R"("axes": { "a": { "values": [] } })"),
                                   matrix_of(R"("axes": {})")};
    const std::vector<json> values = json::parse(
        R"([null, 1, "", "a\nb", "/a", "/a~", [], {}, {"x": 1}, ["x"], {"name": "y", "set": {}}, {"name": "y", "value": 1},
            {"a b": {"at": "/x", "values": [1]}}, {"set": {"x": 1}}, {"key": {"at": "/x", "values": [1]}}])");
    const json flat = full.flatten();
    std::set<std::string> places;
    for (const auto& [pointer, value] : flat.items())
        for (std::string place = pointer; !place.empty(); place.erase(place.rfind('/'))) places.insert(place);
    for (const std::string& place : places) {
        const json::json_pointer pointer(place);
        for (const json& value : values) {
            json changed = full;
            changed[pointer] = value;
            texts.push_back(changed.dump());
        }
        json more = full;
        if (more[pointer].is_object()) {
            more[pointer]["no such key"] = 1;
            texts.push_back(more.dump());
        }
        json less = full;
        json& parent = less[pointer.parent_pointer()];
        if (parent.is_object()) {
            parent.erase(pointer.back());
            texts.push_back(less.dump());
        }
    }
    const test::TemporaryFolder folder;
    const std::string schema = folder.write("schema.json", matrix_schema());
    const auto judged = json::parse(test::run_ok({"/usr/bin/python3",
                                                  std::string(RPIXEN_TEST_FOLDER) + "/schema_oracle.py", schema},
                                                 json(texts).dump()))
                            .get<std::vector<bool>>();
    std::size_t taken = 0;
    for (std::size_t index = 0; index < texts.size(); ++index) {
        const bool parser = is_taken(texts[index]);
        taken += parser ? 1 : 0;
        if (parser == judged[index]) continue;
        // What a schema cannot say: what names, and braces, refer to, and that names differ.
        bool refers = false;
        try {
            parse_matrix(texts[index], "x.json");
        } catch (const Error& error) {
            refers = std::all_of(error.problems().begin(), error.problems().end(), [](const Problem& problem) {
                return problem.message == "no such axis" || problem.message == "no such value on this axis" ||
                       problem.message == "not a part of a variant's name" ||
                       problem.message == "two values of one name";
            });
        }
        EXPECT_TRUE(refers) << "parser " << parser << ", schema " << judged[index] << ": " << texts[index];
    }
    EXPECT_GT(taken, 10U);
    EXPECT_GT(texts.size(), 400U);
}

TEST(Matrix, NamesTheNearestWord) {
    try {
        parse_matrix(matrix_of("\"axes\": {" + mem +
                               R"(}, "name": "{nmae}{mem", "exclude": [ { "men": "1GiB" }, { "mem": "2GiB" } ])"),
                     "x.json");
        FAIL();
    } catch (const Error& error) {
        ASSERT_EQ(error.problems().size(), 4U);
        EXPECT_EQ(error.problems()[0].found, "\"{nmae}\"");
        EXPECT_EQ(error.problems()[1].found, "\"{mem\"");
        EXPECT_EQ(error.problems()[2].change, "did you mean \"mem\"?");
        EXPECT_EQ(error.problems()[3].location.pointer, "/exclude/1/mem");
    }
}

TEST(Matrix, MeetsItsLimits) {
    std::string axes, deep;
    for (int axis = 0; axis < 17; ++axis)
        axes += (axis ? ",\"a" : "\"a") + std::to_string(axis) + R"(": { "at": "/x", "values": [1] })";
    EXPECT_FALSE(is_taken(matrix_of("\"axes\": {" + axes + "}")));
    for (int level = 0; level < 17; ++level) deep += "/x";
    EXPECT_FALSE(is_taken(matrix_of(R"("axes": { "a": { "at": ")" + deep + R"(", "values": [1] } })")));
    EXPECT_TRUE(is_taken(matrix_of(R"("axes": { "a": { "at": ")" + deep.substr(2) + R"(", "values": [1] } })")));
}

}  // namespace
}  // namespace rpixen
