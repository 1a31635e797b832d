#pragma once

#include <map>
#include <string>
#include <vector>

#include "faults/fault_bench.hpp"

namespace rpixen::test {

/// Whether every place of every call is to be tried ("tests/run faults"), or a sample.
bool whole_table();

/// `wanted` numbers between 1 and `last`, the first and the last among them; all where there are no more.
std::vector<std::uint32_t> sample(std::uint32_t last, std::uint32_t wanted);

/// What runs with faults ended with, as lines "pwrite ENOSPC: 41 places, 41 runs; old 41 (status 6: 41)".
class FaultTable {
  public:
    void add(const std::string& row, std::uint32_t places, const Outcome& outcome, Pair pair);
    std::string text() const;

  private:
    struct Row {
        std::uint32_t places = 0;
        unsigned runs = 0;
        unsigned injected = 0;
        unsigned older = 0;
        unsigned newer = 0;
        unsigned mixed = 0;
        std::map<int, unsigned> statuses;
    };
    std::map<std::string, Row> rows_;
};

}  // namespace rpixen::test
