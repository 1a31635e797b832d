#include "faults/fault_table.hpp"

#include <algorithm>
#include <cstdlib>
#include <iomanip>
#include <sstream>

namespace rpixen::test {

bool whole_table() {
    return std::getenv("RPIXEN_FAULTS_WHOLE") != nullptr;
}

std::vector<std::uint32_t> sample(std::uint32_t last, std::uint32_t wanted) {
    wanted = std::min(wanted, last);
    std::vector<std::uint32_t> numbers;
    for (std::uint32_t index = 0; index < wanted; ++index)
        numbers.push_back(
            wanted == 1 ? last : 1 + static_cast<std::uint32_t>(std::uint64_t{index} * (last - 1) / (wanted - 1)));
    return numbers;
}

void FaultTable::add(const std::string& row, std::uint32_t places, const Outcome& outcome, Pair pair) {
    Row& entry = rows_[row];
    entry.places = std::max(entry.places, places);
    ++entry.runs;
    if (outcome.injected != 0) ++entry.injected;
    ++(pair == Pair::older ? entry.older : pair == Pair::newer ? entry.newer : entry.mixed);
    ++entry.statuses[outcome.run.signal != 0 ? -outcome.run.signal : outcome.run.status];
}

std::string FaultTable::text() const {
    std::ostringstream out;
    out << std::left << std::setw(44) << "call and fault" << std::right << std::setw(7) << "places" << std::setw(6)
        << "runs" << std::setw(6) << "hit" << std::setw(6) << "old" << std::setw(6) << "new" << std::setw(6) << "mixed"
        << "  status: runs\n";
    Row sum;
    for (const auto& [name, row] : rows_) {
        out << std::left << std::setw(44) << name << std::right << std::setw(7) << row.places << std::setw(6)
            << row.runs << std::setw(6) << row.injected << std::setw(6) << row.older << std::setw(6) << row.newer
            << std::setw(6) << row.mixed << " ";
        for (const auto& [status, count] : row.statuses)
            out << ' ' << (status < 0 ? "signal " : "") << (status < 0 ? -status : status) << ": " << count;
        out << '\n';
        sum.runs += row.runs;
        sum.injected += row.injected;
        sum.older += row.older;
        sum.newer += row.newer;
        sum.mixed += row.mixed;
    }
    out << std::left << std::setw(51) << "all" << std::right << std::setw(6) << sum.runs << std::setw(6) << sum.injected
        << std::setw(6) << sum.older << std::setw(6) << sum.newer << std::setw(6) << sum.mixed << '\n';
    return out.str();
}

}  // namespace rpixen::test
