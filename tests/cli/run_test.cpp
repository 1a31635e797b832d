#include "run.hpp"

#include <gmock/gmock.h>

#include <array>
#include <new>
#include <nlohmann/json.hpp>
#include <sstream>

#include <rpixen/manifest.hpp>

#include "command.hpp"
#include "support/temporary_folder.hpp"

namespace rpixen::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

constexpr std::array<DiagnosticRule, 2> rules{{
    {"dom0-reg-too-small", "K2", Severity::error, "the module is cut", "Xen copies what reg says.", "A long story.\n",
     "kernel.c"},
    {"xen-debug-console", "M5", Severity::warning, "a debug setting", "It is slow.", "Another.", "overlays"},
}};

Diagnostic diagnostic(const std::string& id, Severity severity, const std::string& message) {
    Diagnostic result;
    result.id = id;
    result.severity = severity;
    result.message = message;
    return result;
}

/// Runs the program in this process, with a library that only remembers what it was asked for.
struct Program {
    std::ostringstream out;
    std::ostringstream err;
    Surroundings surroundings{.out = out, .err = err};
    Actions actions;
    ComposeRequest compose_request;
    PlanRequest plan_request;
    CardInputs inputs;
    CheckRequest check_request;
    InspectRequest inspect_request;
    VerifyRequest verify_request;
    DiffRequest diff_request;
    BootRequest boot_request;
    BoardRequest board_request;
    DiagnoseRequest diagnose_request;
    Diagnosis diagnosis;
    bool attended = false;
    Report report;
    Verification verification;
    CardDifferences differences;
    BootResult boot_result;

    Program() {
        report.output = "sdcard.img";
        report.size = 4096;
        boot_result.ok = true;
        actions.compose = [this](const ComposeRequest& request, const Supervision&) {
            compose_request = request;
            request.deliver(report);
            return report;
        };
        actions.plan = [this](const PlanRequest& request, const Supervision&) {
            plan_request = request;
            return report;
        };
        actions.check = [this](const CheckRequest& request, const Supervision&) {
            check_request = request;
            return report;
        };
        actions.inputs = [this](const PlanRequest& request, const Supervision&) {
            plan_request = request;
            return inputs;
        };
        actions.inspect = [this](const InspectRequest& request, const Supervision&) {
            inspect_request = request;
            return report;
        };
        actions.diff = [this](const DiffRequest& request, const Supervision&) {
            diff_request = request;
            return differences;
        };
        actions.verify = [this](const VerifyRequest& request, const Supervision&) {
            verify_request = request;
            return verification;
        };
        actions.boot_until = [this](const BootRequest& request, const Supervision&) {
            boot_request = request;
            return boot_result;
        };
        actions.boot_on_console = [this](const BootRequest& request, const BootConsole&, const Supervision&) {
            boot_request = request;
            attended = true;
            return boot_result;
        };
        actions.watch_board_until = [this](const BoardRequest& request, const Supervision&) {
            board_request = request;
            return boot_result;
        };
        actions.watch_board_on_console = [this](const BoardRequest& request, const BootConsole&, const Supervision&) {
            board_request = request;
            attended = true;
            return boot_result;
        };
        actions.diagnose = [this](const DiagnoseRequest& request, const Supervision&) {
            diagnose_request = request;
            return diagnosis;
        };
        actions.stops = [](const Diagnostic& diagnostic, const std::vector<std::string>&,
                           const std::vector<std::string>&) { return diagnostic.severity == Severity::error; };
        actions.rules = [] { return std::span<const DiagnosticRule>(rules); };
        actions.version = [] { return "1.2.3"; };
    }

    int operator()(const std::vector<std::string>& arguments) {
        out.str("");
        out.clear();
        err.str("");
        return run(arguments, surroundings, actions);
    }
};

TEST(Run, WithoutACommandTheHelpGoesToStandardError) {
    Program program;
    EXPECT_EQ(program({}), 2);
    EXPECT_EQ(program.out.str(), "");
    EXPECT_THAT(program.err.str(), StartsWith("Usage: rpixen-img COMMAND"));
}

TEST(Run, HelpNamesEveryCommandAndEachHasItsOwn) {
    Program program;
    for (const char* word : {"--help", "-h", "help"}) {
        EXPECT_EQ(program({word}), 0);
        for (const Command& command : commands()) EXPECT_THAT(program.out.str(), HasSubstr(command.name));
        EXPECT_EQ(program.err.str(), "");
    }
    for (const Command& command : commands()) {
        const std::string name(command.name);
        ASSERT_EQ(program({"help", name}), 0);
        const std::string text = program.out.str();
        EXPECT_THAT(text, StartsWith("Usage: rpixen-img " + name));
        EXPECT_THAT(text, HasSubstr("Examples:\n  "));
        for (const Option& option : command.options) EXPECT_THAT(text, HasSubstr("--" + std::string(option.name)));
        EXPECT_EQ(program({name, "--help"}), 0);
        EXPECT_EQ(program.out.str(), text);
        EXPECT_EQ(program({name, "-h"}), 0);
        std::istringstream lines(text);
        for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 120U) << line;
    }
}

TEST(Run, Version) {
    Program program;
    EXPECT_EQ(program({"--version"}), 0);
    EXPECT_EQ(program.out.str(), "rpixen-img 1.2.3\n");
}

TEST(Run, WrongUseExitsWithTwoAndSaysWhatWasMeant) {
    struct Case {
        std::vector<std::string> arguments;
        std::string words;
    };
    for (const Case& wrong : std::vector<Case>{
             {{"compse", "m"},
              "unknown command; found compse; allowed: compose, plan, check, explain, boot, diagnose, inspect, "
              "verify, diff, release, verify-release, flash, matrix, schema, init; did you mean compose?"},
             {{"zzz"}, "unknown command; found zzz"},
             {{"help", "zzz"}, "unknown command"},
             {{"help", "plan", "zzz"}, "too many operands"},
             {{"--quiet", "plan"}, "an option stands before the command"},
             {{"compose"}, "compose needs an operand; allowed: MANIFEST"},
             {{"compose", "a", "b"}, "too many operands; found b"},
             {{"schema", "a"}, "no schema has this name; found a; allowed: manifest, matrix"},
             {{"init", "a", "b"}, "too many operands; found b"},
             {{"compose", "m", "--ouput", "x"}, "did you mean --output?"},
             {{"compose", "m", "-q", "-v"}, "contradict"},
             {{"compose", "m", "--verify", "--no-verify"}, "contradict"},
             {{"compose", "m", "--backend", "gestfs"}, "found gestfs; allowed: direct, guestfs; did you mean guestfs?"},
             {{"compose", "m", "--allow", "dom0-reg-to-small"}, "did you mean dom0-reg-too-small?"},
             {{"check", "m", "--deny", "zzz"}, "'rpixen-img explain' lists them"},
             {{"explain", "xen-debug-consol"}, "did you mean xen-debug-console?"},
             {{"verify", "i"}, "one of --report FILE and --manifest FILE"},
             {{"verify", "i", "--report", "r", "--manifest", "m"}, "one of"},
             {{"boot", "i", "--until", "logn"}, "did you mean login?"},
             {{"boot", "i", "--until", "none"}, "no stage"},
             {{"boot"}, "allowed: IMAGE, or --serial DEVICE"},
             {{"boot", "i", "--serial", "/dev/ttyUSB0"}, "give one of them"},
             {{"boot", "i", "--power-command", "true"}, "give --serial too"},
             {{"boot", "--serial", "/dev/ttyUSB0", "--qemu", "q"}, "--qemu has no meaning"},
             {{"diagnose"}, "diagnose needs an operand; allowed: LOG"},
             {{"boot", "i", "--timeout", "1m"}, "seconds"},
             {{"boot", "i", "--timeout", "0"}, "seconds"},
         }) {
        Program program;
        EXPECT_EQ(program(wrong.arguments), 2) << wrong.words;
        EXPECT_EQ(program.out.str(), "");
        EXPECT_THAT(program.err.str(), StartsWith("rpixen-img: error: "));
        EXPECT_THAT(program.err.str(), HasSubstr(wrong.words));
        EXPECT_THAT(program.err.str(), HasSubstr("rpixen-img: note: 'rpixen-img help'"));
    }
}

TEST(Run, ComposeSaysWhatItShouldDo) {
    Program program;
    EXPECT_EQ(program({"compose", "m.json"}), 0);
    EXPECT_EQ(program.compose_request.manifest.path(), "m.json");
    EXPECT_EQ(program.compose_request.output, "sdcard.img");
    EXPECT_EQ(program.compose_request.backend, "direct");
    EXPECT_EQ(program.compose_request.verify, VerifyForm::quick);
    EXPECT_TRUE(program.compose_request.sync);
    EXPECT_EQ(program.compose_request.source_date_epoch, std::nullopt);
    EXPECT_EQ(program.out.str(), "sdcard.img: 4096 bytes\n");

    program.surroundings.source_date_epoch = "1700000000";
    EXPECT_EQ(program({"compose", "m.json", "-o", "x.img", "--backend", "guestfs", "--verify", "--report", "r.json",
                       "--no-sync", "--allow", "dom0-reg-too-small", "--deny", "xen-debug-console", "-q"}),
              0);
    EXPECT_EQ(program.compose_request.output, "x.img");
    EXPECT_EQ(program.compose_request.backend, "guestfs");
    EXPECT_EQ(program.compose_request.verify, VerifyForm::full);
    EXPECT_EQ(program.compose_request.report, "r.json");
    EXPECT_FALSE(program.compose_request.sync);
    EXPECT_EQ(program.compose_request.source_date_epoch, 1700000000);
    EXPECT_THAT(program.compose_request.allow, ElementsAre("dom0-reg-too-small"));
    EXPECT_THAT(program.compose_request.deny, ElementsAre("xen-debug-console"));
    EXPECT_EQ(program.out.str(), "");
    EXPECT_EQ(program.err.str(), "");
    EXPECT_EQ(program({"compose", "m.json", "--no-verify"}), 0);
    EXPECT_EQ(program.compose_request.verify, VerifyForm::none);
}

TEST(Run, AWrongSourceDateEpochIsRefused) {
    for (const char* wrong : {"", "x", "-1", "1.5", "1700000000000", " 1"}) {
        Program program;
        program.surroundings.source_date_epoch = wrong;
        EXPECT_EQ(program({"plan", "m.json"}), 2) << wrong;
        EXPECT_THAT(program.err.str(), HasSubstr("SOURCE_DATE_EPOCH"));
    }
}

TEST(Run, PlanPrintsTheReportAndDrawsIt) {
    Program program;
    test::TemporaryFolder folder;
    EXPECT_EQ(program({"plan", "m.json", "--svg", folder / "map.svg"}), 0);
    EXPECT_EQ(program.plan_request.manifest.path(), "m.json");
    EXPECT_EQ(program.out.str(), program.report.text());
    EXPECT_EQ(test::read_file(folder / "map.svg"), program.report.svg());
    EXPECT_EQ(program({"plan", "m.json", "--json"}), 0);
    EXPECT_EQ(program.out.str(), program.report.json());
    EXPECT_EQ(program({"plan", "m.json", "--verbose"}), 0);
    EXPECT_EQ(program.out.str(), program.report.text(true));
    EXPECT_EQ(program({"plan", "m.json", "--svg", folder / "none/map.svg"}), 6);
    EXPECT_THAT(program.err.str(), HasSubstr("none/map.svg; found No such file"));
}

TEST(Run, PlanPrintsTheKeyOrTheInputs) {
    Program program;
    program.inputs.key = "abc";
    program.inputs.files = {"m.json", "xen"};
    EXPECT_EQ(program({"plan", "m.json", "--key"}), 0);
    EXPECT_EQ(program.out.str(), "abc\n");
    EXPECT_TRUE(program.plan_request.digest_inputs);
    EXPECT_EQ(program({"plan", "m.json", "--inputs"}), 0);
    EXPECT_EQ(program.out.str(), "m.json\nxen\n");
    EXPECT_FALSE(program.plan_request.digest_inputs);
    EXPECT_EQ(program({"plan", "m.json", "--inputs", "--json"}), 0);
    EXPECT_EQ(nlohmann::json::parse(program.out.str())["files"].size(), 2U);
}

TEST(Run, AManifestComesFromStandardInput) {
    Program program;
    std::istringstream in("{}");
    program.surroundings.in = &in;
    EXPECT_EQ(program({"compose", "-", "-C", "inputs"}), 0);
    EXPECT_TRUE(program.compose_request.manifest.path().empty());
    EXPECT_FALSE(program.compose_request.manifest.empty());
    try {
        program.compose_request.manifest.load();
        FAIL() << "an empty object is no manifest";
    } catch (const Error& error) {
        EXPECT_EQ(error.problems().front().location.file, "standard input");
    }
    in.clear();
    EXPECT_EQ(program({"check", "-"}), 0);
    EXPECT_TRUE(program.check_request.subject.empty());
    EXPECT_FALSE(program.check_request.manifest.empty());
    EXPECT_EQ(program({"verify", "i.img", "--manifest", "-"}), 0);
    EXPECT_FALSE(program.verify_request.manifest.empty());
    EXPECT_EQ(program({"compose", "m.json", "-C", "inputs"}), 2);
    EXPECT_THAT(program.err.str(), HasSubstr("-C inputs"));
}

TEST(Run, ComposeWritesADepfile) {
    Program program;
    const test::TemporaryFolder folder;
    program.inputs.files = {"m.json", "a b"};
    EXPECT_EQ(program({"compose", "m.json", "-o", "c.img", "--depfile", folder / "c.d", "--if-changed", "--reuse",
                       "old.img"}),
              0);
    EXPECT_TRUE(program.compose_request.if_changed);
    EXPECT_EQ(program.compose_request.reuse, "old.img");
    EXPECT_THAT(program.compose_request.outputs, ElementsAre(folder / "c.d"));
    EXPECT_THAT(test::read_file(folder / "c.d"), StartsWith("c.img: \\\n  m.json \\\n  a\\ b\n"));
}

TEST(Run, ProgressMayBeJson) {
    Program program;
    program.actions.compose = [&](const ComposeRequest& request, const Supervision& supervision) -> Report {
        supervision.begin(Phase::writing, 100);
        supervision.advance(50);
        request.deliver(program.report);
        return {};
    };
    EXPECT_EQ(program({"compose", "m.json", "--progress=json", "-q"}), 0);
    EXPECT_EQ(program.err.str(),
              "{\"progress\":{\"phase\":\"writing\",\"subject\":\"\",\"done\":0,\"total\":100,\"share\":0.05}}\n");
    EXPECT_EQ(program({"compose", "m.json", "--progress", "xml"}), 2);
}

TEST(Run, ColourIsForTerminalsUnlessItIsAskedFor) {
    Program program;
    program.report.diagnostics.push_back(diagnostic("xen-debug-console", Severity::warning, "slow"));
    const auto colored = [&](const std::vector<std::string>& words) {
        program(words);
        return program.out.str().find('\x1b') != std::string::npos;
    };
    EXPECT_FALSE(colored({"check", "m.json"}));
    EXPECT_TRUE(colored({"check", "m.json", "--color=always"}));
    program.surroundings.terminal_results = true;
    EXPECT_TRUE(colored({"check", "m.json"}));
    EXPECT_FALSE(colored({"check", "m.json", "--color", "never"}));
    program.surroundings.color = Surroundings::Color::never;
    EXPECT_FALSE(colored({"check", "m.json"}));
    EXPECT_EQ(program({"check", "m.json", "--color", "sometimes"}), 2);
}

TEST(Run, TheTableOfCommandsIsADocument) {
    Program program;
    EXPECT_EQ(program({"help", "--json"}), 0);
    const auto table = nlohmann::json::parse(program.out.str());
    ASSERT_EQ(table.size(), commands().size());
    EXPECT_EQ(table[0]["name"], "compose");
    EXPECT_EQ(program({"-V"}), 0);
    EXPECT_THAT(program.out.str(), StartsWith("rpixen-img "));
}

TEST(Run, CheckExitsWithFiveWhereSomethingStops) {
    Program program;
    EXPECT_EQ(program({"check", "m.json"}), 0);
    EXPECT_EQ(program.check_request.subject, "m.json");
    program.report.diagnostics.push_back(diagnostic("xen-debug-console", Severity::warning, "slow"));
    EXPECT_EQ(program({"check", "m.json"}), 0);
    EXPECT_EQ(program.out.str(),
              diagnostics_text(program.report.diagnostics) +
                  "nothing was found that keeps this card from booting: 0 errors, 1 warning, 0 notes\n");
    program.report.diagnostics.push_back(diagnostic("dom0-reg-too-small", Severity::error, "cut"));
    program.report.notes.push_back("not followed: bootefi (line 3)");
    EXPECT_EQ(program({"check", "m.json"}), 5);
    EXPECT_EQ(program.out.str(), diagnostics_text(program.report.diagnostics) +
                                     "note: not followed: bootefi (line 3)\n"
                                     "this card would not boot as it is: 1 error, 1 warning, 0 notes\n");
    EXPECT_EQ(program({"check", "m.json", "--quiet"}), 5);
    EXPECT_EQ(program.out.str(), "");
    EXPECT_EQ(program({"check", "m.json", "--json"}), 5);
    EXPECT_EQ(program.out.str(), program.report.json());
}

TEST(Run, ExplainTellsTheStory) {
    Program program;
    EXPECT_EQ(program({"explain"}), 0);
    EXPECT_THAT(program.out.str(), HasSubstr("dom0-reg-too-small  error    the module is cut\n"));
    EXPECT_THAT(program.out.str(), HasSubstr("xen-debug-console   warning  a debug setting\n"));
    EXPECT_EQ(program({"explain", "dom0-reg-too-small"}), 0);
    EXPECT_EQ(program.out.str(),
              "dom0-reg-too-small (error): the module is cut\n\nXen copies what reg says.\n\nA long story.\n"
              "\nSource: kernel.c\n");
    EXPECT_EQ(program({"explain", "--json"}), 0);
    EXPECT_EQ(nlohmann::json::parse(program.out.str()).at(1).at("id"), "xen-debug-console");
    EXPECT_EQ(program({"explain", "K2", "--json"}), 0);
    EXPECT_EQ(nlohmann::json::parse(program.out.str()).at("story"), "A long story.\n");
}

TEST(Run, InspectDiffAndVerify) {
    Program program;
    EXPECT_EQ(program({"inspect", "x.img"}), 0);
    EXPECT_EQ(program.inspect_request.image, "x.img");
    EXPECT_EQ(program({"verify", "x.img", "--report", "r.json"}), 0);
    EXPECT_EQ(program.verify_request.image, "x.img");
    EXPECT_EQ(program.verify_request.report, "r.json");
    EXPECT_EQ(program.verify_request.form, VerifyForm::full);
    EXPECT_EQ(program({"verify", "x.img", "--manifest", "m.json", "--reader", "guestfs", "--quick"}), 0);
    EXPECT_EQ(program.verify_request.manifest.path(), "m.json");
    EXPECT_EQ(program.verify_request.reader, "guestfs");
    EXPECT_EQ(program.verify_request.form, VerifyForm::quick);
    EXPECT_EQ(program({"diff", "a.img", "b.json", "--quick", "--allow", "xen-debug-console"}), 0);
    EXPECT_EQ(program.diff_request.a, "a.img");
    EXPECT_EQ(program.diff_request.b, "b.json");
    EXPECT_EQ(program.diff_request.form, VerifyForm::quick);
    EXPECT_THAT(program.diff_request.allow, testing::ElementsAre("xen-debug-console"));
    EXPECT_EQ(program.out.str(), "the cards are equal\n");
    program.differences.card.push_back({"size", "1MiB", "2MiB"});
    EXPECT_EQ(program({"diff", "a.img", "b.img"}), 0) << "a difference is no failure";
    EXPECT_EQ(program.out.str(), "Card\n  ~ size 1MiB -> 2MiB\n");
    EXPECT_EQ(program({"diff", "a.img"}), 2);
    program.verification.differences.push_back({"root", "/etc/passwd", "mode", "0644", "0600"});
    EXPECT_EQ(program({"verify", "x.img", "--report", "r.json"}), 7);
    EXPECT_EQ(program.out.str(), program.verification.text());
}

TEST(Run, BootIsAttendedUnlessItSaysWhenToEnd) {
    Program program;
    EXPECT_EQ(program({"boot", "x.img"}), 0);
    EXPECT_TRUE(program.attended);
    EXPECT_THAT(program.err.str(), HasSubstr("Ctrl-]"));
    program.attended = false;
    EXPECT_EQ(program({"boot", "x.img", "--until", "xen", "--timeout", "60", "--log", "l"}), 0);
    EXPECT_FALSE(program.attended);
    EXPECT_EQ(program.boot_request.image, "x.img");
    EXPECT_EQ(program.boot_request.until, BootStage::xen);
    EXPECT_EQ(program.boot_request.timeout, std::chrono::seconds(60));
    EXPECT_EQ(program.boot_request.log, "l");
    program.boot_result.ok = false;
    EXPECT_EQ(program({"boot", "x.img", "--json"}), 5);
    EXPECT_EQ(program.out.str(), program.boot_result.json());
    EXPECT_FALSE(program.attended);
}

TEST(Run, ARealBoardIsWatchedAsAnEmulatedOneIs) {
    Program program;
    EXPECT_EQ(program({"boot", "--serial", "/dev/ttyUSB0"}), 0);
    EXPECT_TRUE(program.attended);
    EXPECT_THAT(program.err.str(), HasSubstr("switch the board on. Ctrl-]"));
    program.attended = false;
    EXPECT_EQ(program({"boot", "--serial", "/dev/ttyUSB0", "--power-command", "cycle", "--until", "xen", "--timeout",
                       "60", "--log", "l"}),
              0);
    EXPECT_FALSE(program.attended);
    EXPECT_EQ(program.board_request.device, "/dev/ttyUSB0");
    EXPECT_EQ(program.board_request.power_command, "cycle");
    EXPECT_EQ(program.board_request.until, BootStage::xen);
    EXPECT_EQ(program.board_request.timeout, std::chrono::seconds(60));
    EXPECT_EQ(program.board_request.log, "l");
    program.boot_result.ok = false;
    EXPECT_EQ(program({"boot", "--serial", "/dev/ttyUSB0", "--json"}), 5);
    EXPECT_EQ(program.out.str(), program.boot_result.json());
}

TEST(Run, DiagnoseExitsAsTheBootInTheLogEnded) {
    Program program;
    program.diagnosis.reading.ok = true;
    EXPECT_EQ(program({"diagnose", "serial.log", "--image", "x.img"}), 0);
    EXPECT_EQ(program.diagnose_request.log, "serial.log");
    EXPECT_EQ(program.diagnose_request.image, "x.img");
    EXPECT_EQ(program.out.str(), program.diagnosis.text());
    program.diagnosis.reading.ok = false;
    program.diagnosis.reading.failed = BootStage::xen;
    program.diagnosis.reading.rules = {"dom0-reg-too-small"};
    EXPECT_EQ(program({"diagnose", "-", "--json"}), 5);
    EXPECT_EQ(program.diagnose_request.image, "");
    const auto json = nlohmann::json::parse(program.out.str());
    EXPECT_EQ(json.at("failed"), "xen");
    EXPECT_EQ(json.at("rule"), "dom0-reg-too-small");
    EXPECT_TRUE(json.at("image").is_null());
    EXPECT_EQ(program({"diagnose", "-", "--quiet"}), 5);
    EXPECT_EQ(program.out.str(), "");
}

TEST(Run, PlanShowsACardThatComposeWouldRefuse) {
    Program program;
    program.actions.plan = [](const PlanRequest&, const Supervision&) {
        Report report;
        report.name = "refused";
        report.memory = {{"xen", "placed", 0x200000, 0x400000, true, "", 0},
                         {"dom0 kernel", "placed", 0x300000, 0x500000, true, "", 0}};
        report.refusal = {{"dom0 kernel is pinned over xen [xen-reaches-next]", "0x300000"}};
        return report;
    };
    const test::TemporaryFolder folder;
    EXPECT_EQ(program({"plan", "m.json", "--svg", folder / "map.svg"}), 5);
    EXPECT_THAT(program.out.str(), HasSubstr("Memory at boot"));
    EXPECT_THAT(program.err.str(), HasSubstr("error: dom0 kernel is pinned over xen [xen-reaches-next]"));
    EXPECT_THAT(test::read_file(folder / "map.svg"), HasSubstr("collision"));
    EXPECT_EQ(program({"plan", "m.json", "--json"}), 5);
    const auto json = nlohmann::json::parse(program.out.str());
    EXPECT_EQ(json.at("refusal").size(), 1U);
    EXPECT_EQ(json.at("memory").size(), 2U);
    EXPECT_EQ(program({"plan", "m.json", "--quiet"}), 5);
    EXPECT_EQ(program.out.str(), "");
    EXPECT_THAT(program.err.str(), HasSubstr("is pinned over"));
}

TEST(Run, SchemaPrintsTheSchema) {
    Program program;
    EXPECT_EQ(program({"schema"}), 0);
    EXPECT_EQ(program.out.str(), manifest_schema());
}

TEST(Run, EachErrorHasItsExitStatusAndJson) {
    for (const ErrorCode code :
         {ErrorCode::internal, ErrorCode::usage, ErrorCode::manifest, ErrorCode::artifact, ErrorCode::unfit,
          ErrorCode::io, ErrorCode::verification, ErrorCode::unavailable, ErrorCode::cancelled}) {
        Program program;
        program.actions.plan = [&](const PlanRequest&, const Supervision&) -> Report {
            throw Error(code, "wrong", "this");
        };
        EXPECT_EQ(program({"plan", "m.json"}), static_cast<int>(code));
        EXPECT_EQ(program.out.str(), "");
        EXPECT_THAT(program.err.str(), StartsWith("rpixen-img: error: wrong; found this\n"));
        EXPECT_EQ(program({"plan", "m.json", "--json"}), static_cast<int>(code));
        EXPECT_THAT(program.err.str(), StartsWith("rpixen-img: error: wrong; found this\n"));
        const auto error = nlohmann::json::parse(program.out.str()).at("error");
        EXPECT_EQ(error.at("exit"), static_cast<int>(code));
        EXPECT_EQ(error.at("code"), name_of(code));
    }
}

TEST(Run, ABugIsSaidToBeOne) {
    Program program;
    program.actions.plan = [](const PlanRequest&, const Supervision&) -> Report { throw std::out_of_range("vector"); };
    EXPECT_EQ(program({"plan", "m.json"}), 1);
    EXPECT_THAT(program.err.str(), HasSubstr("a bug in this program; found vector"));
    program.actions.plan = [](const PlanRequest&, const Supervision&) -> Report { throw std::bad_alloc(); };
    EXPECT_EQ(program({"plan", "m.json"}), 6);
    EXPECT_THAT(program.err.str(), HasSubstr("not enough memory"));
    program.actions.plan = [](const PlanRequest&, const Supervision&) -> Report {
        throw std::system_error(std::make_error_code(std::errc::resource_unavailable_try_again));
    };
    EXPECT_EQ(program({"plan", "m.json"}), 6);
    EXPECT_THAT(program.err.str(), HasSubstr("the system refuses what this program needs"));
    program.actions.plan = [](const PlanRequest&, const Supervision&) -> Report { throw 5; };
    EXPECT_EQ(program({"plan", "m.json"}), 1);
}

TEST(Run, TheCommandSeesTheCancelTokenAndTheProgress) {
    Program program;
    CancelToken cancel;
    program.surroundings.cancel = &cancel;
    program.actions.compose = [&](const ComposeRequest&, const Supervision& supervision) -> Report {
        supervision.note("something");
        supervision.begin(Phase::writing, 100);
        cancel.cancel();
        supervision.check();
        return {};
    };
    EXPECT_EQ(program({"compose", "m.json"}), 130);
    EXPECT_EQ(program.err.str(), "rpixen-img: note: something\nrpixen-img: error: stopped on request\n");
    program.surroundings.terminal = true;
    program.surroundings.color = Surroundings::Color::never;
    EXPECT_EQ(program({"compose", "m.json"}), 130);
    EXPECT_THAT(program.err.str(), HasSubstr("\r\x1b[Krpixen-img: error: stopped"));
}

TEST(Run, ComposeTellsDiagnosticsBesideTheResult) {
    Program program;
    program.report.diagnostics.push_back(diagnostic("xen-debug-console", Severity::warning, "slow"));
    EXPECT_EQ(program({"compose", "m.json"}), 0);
    EXPECT_THAT(program.err.str(), HasSubstr("xen-debug-console"));
    EXPECT_THAT(program.out.str(), Not(HasSubstr("xen-debug-console")));
    EXPECT_EQ(program({"compose", "m.json", "-q"}), 0);
    EXPECT_THAT(program.err.str(), IsEmpty());
}

}  // namespace
}  // namespace rpixen::cli
