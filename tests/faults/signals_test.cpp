#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <iostream>
#include <thread>

#include "faults/fault_table.hpp"

// A signal that asks to stop ends the program in good order from its first instruction on.

namespace rpixen::test {
namespace {

using Clock = std::chrono::steady_clock;

class Signals : public testing::TestWithParam<int> {
  protected:
    std::uint32_t moments() const { return whole_table() ? 200 : 12; }

    /// `when` names the kind of moment. Before its first instruction a program can only be ended by the signal.
    void expect_order(const Outcome& outcome, const std::string& when) {
        if (outcome.run.signal == GetParam() && !outcome.started) {
            EXPECT_EQ(bench_.pair(), Pair::older);
            table_.add(when + ", before the first instruction", moments(), outcome, Pair::older);
            return;
        }
        EXPECT_EQ(bench_.judge(outcome), "") << when;
        EXPECT_THAT(outcome.run.status, testing::AnyOf(0, 128 + GetParam())) << when << '\n' << outcome.run.err;
        table_.add(when, moments(), outcome, bench_.pair());
        bench_.restore();
    }

    FaultBench bench_{Setting{}};
    FaultTable table_;
};

TEST_P(Signals, AtCallsOfTheSystem) {
    const Outcome sound = bench_.compose({});
    bench_.restore();
    for (const std::uint32_t place : sample(sound.counts.back(), moments()))
        expect_order(bench_.compose({Call::count, place, Effect::signal, GetParam()}), "at a call");
    // At the first call everything lies ahead.
    EXPECT_EQ(bench_.compose({Call::count, 1, Effect::signal, GetParam()}).run.status, 128 + GetParam());
    std::cout << table_.text();
}

TEST_P(Signals, AtMomentsOfTime) {
    const auto begun = Clock::now();
    ASSERT_EQ(bench_.compose({}).run.status, 0);
    const auto whole = Clock::now() - begun;
    bench_.restore();
    for (std::uint32_t moment = 0; moment < moments(); ++moment) {
        const auto program = bench_.start({});
        std::this_thread::sleep_for(whole * moment / moments());
        ::kill(program->process(), GetParam());
        expect_order(bench_.finish(*program), "at a time");
    }
    std::cout << table_.text();
}

TEST_P(Signals, AtTheFirstInstruction) {
    for (std::uint32_t moment = 0; moment < moments(); ++moment) {
        const auto program = bench_.start({});
        while (!bench_.started() && !program->ended()) {
        }
        ::kill(program->process(), GetParam());
        const Outcome outcome = bench_.finish(*program);
        EXPECT_TRUE(outcome.started);
        expect_order(outcome, "at the first instruction");
    }
    std::cout << table_.text();
}

INSTANTIATE_TEST_SUITE_P(, Signals, testing::Values(SIGINT, SIGTERM, SIGHUP),
                         [](const auto& of) { return std::string("SIG") + ::sigabbrev_np(of.param); });

}  // namespace
}  // namespace rpixen::test
