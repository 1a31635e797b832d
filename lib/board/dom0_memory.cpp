#include "board/dom0_memory.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cctype>
#include <limits>

namespace rpixen {
namespace {

constexpr unsigned page_shift = 12;
constexpr unsigned max_order = 18;      // 1 GiB chunks; larger free ranges are several of them
constexpr unsigned min_order = 10;      // 4 MiB
constexpr unsigned dma_bits = 30;       // .dma_bitsize of xen/arch/arm/platforms/brcm-raspberry-pi.c
constexpr std::size_t max_banks = 256;  // NR_MEM_BANKS

constexpr std::uint64_t bytes_of(unsigned order) {
    return std::uint64_t{1} << (order + page_shift);
}

unsigned order_down(std::uint64_t bytes) {
    const auto order = static_cast<unsigned>(std::bit_width(bytes >> page_shift));
    return order == 0 ? 0 : std::min(order - 1, max_order);
}

unsigned order_up(std::uint64_t bytes) {
    const unsigned order = order_down(bytes);
    return bytes_of(order) < bytes ? order + 1 : order;
}

std::vector<Range> without(const std::vector<Range>& ranges, const Range& hole) {
    std::vector<Range> left;
    for (const Range& range : ranges) {
        if (!range.overlaps(hole)) {
            left.push_back(range);
            continue;
        }
        if (range.begin < hole.begin) left.push_back({range.begin, hole.begin});
        if (hole.end < range.end) left.push_back({hole.end, range.end});
    }
    return left;
}

/// Xen's heap: free chunks by zone (the address' highest bit) and order.
class BuddyHeap {
  public:
    void add(Range range) {
        range.begin = align_up(range.begin, bytes_of(0));
        range.end = align_down(range.end, bytes_of(0));
        while (range.begin < range.end) {
            unsigned order = order_down(range.size());
            if (range.begin != 0)
                order = std::min(order, static_cast<unsigned>(std::countr_zero(range.begin)) - page_shift);
            // A chunk belongs to one zone, so the one at 0 is a page and doubles from there.
            if (range.begin == 0) order = 0;
            free_[zone(range.begin)][order].push_back(range.begin);
            range.begin += bytes_of(order);
        }
    }

    /// A chunk below 2^bits, from the highest zone that has one.
    std::optional<std::uint64_t> take(unsigned order, unsigned bits) {
        for (unsigned place = std::min<unsigned>(bits, zones - 1) + 1; place-- > 0;) {
            for (unsigned larger = order; larger <= max_order; ++larger) {
                auto& chunks = free_[place][larger];
                if (chunks.empty()) continue;
                std::uint64_t address = chunks.back();
                chunks.pop_back();
                while (larger > order) {
                    --larger;
                    free_[place][larger].push_back(address);
                    address += bytes_of(larger);
                }
                return address;
            }
        }
        return std::nullopt;
    }

  private:
    static constexpr unsigned zones = 48;
    /// The number of bits of the address: what lies in zone b is below 2^b.
    static unsigned zone(std::uint64_t address) {
        return std::min<unsigned>(static_cast<unsigned>(std::bit_width(address)), zones - 1);
    }
    std::array<std::array<std::vector<std::uint64_t>, max_order + 1>, zones> free_;
};

void insert_sorted(std::vector<Range>& banks, const Range& chunk) {
    const auto place = std::lower_bound(banks.begin(), banks.end(), chunk,
                                        [](const Range& a, const Range& b) { return a.begin < b.begin; });
    if (place != banks.begin() && (place - 1)->end == chunk.begin) {
        (place - 1)->end = chunk.end;
    } else if (place != banks.end() && chunk.end == place->begin) {
        place->begin = chunk.begin;
    } else {
        banks.insert(place, chunk);
    }
}

}  // namespace

std::vector<Range> board_ram(std::uint64_t board_memory) {
    std::vector<Range> ram{{0, std::min<std::uint64_t>(board_memory, 0x3b400000)}};
    if (board_memory > 1 * GiB) ram.push_back({1 * GiB, std::min<std::uint64_t>(board_memory, 0xfc000000)});
    if (board_memory > 4 * GiB) ram.push_back({4 * GiB, board_memory});
    return ram;
}

bool has_memory(std::uint64_t board_memory, const std::vector<Range>& ranges) {
    const std::vector<Range> ram = board_ram(board_memory);
    return std::all_of(ranges.begin(), ranges.end(), [&](const Range& range) {
        return std::any_of(ram.begin(), ram.end(), [&](const Range& bank) { return bank.contains(range); });
    });
}

std::optional<std::uint64_t> parse_dom0_mem(std::string_view text) {
    std::uint64_t value = 0;
    std::size_t place = 0;
    int base = 10;
    if (text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
        base = 16;
        place = 2;
    }
    const std::size_t start = place;
    for (; place < text.size(); ++place) {
        const char letter = static_cast<char>(std::tolower(static_cast<unsigned char>(text[place])));
        int digit = -1;
        if (letter >= '0' && letter <= '9') digit = letter - '0';
        if (base == 16 && letter >= 'a' && letter <= 'f') digit = letter - 'a' + 10;
        if (digit < 0) break;
        if (value > (UINT64_MAX >> 5)) return std::nullopt;
        value = value * static_cast<unsigned>(base) + static_cast<unsigned>(digit);
    }
    if (place == start) return std::nullopt;
    unsigned shift = 10;  // a number alone is in KiB
    if (place < text.size()) {
        switch (std::tolower(static_cast<unsigned char>(text[place]))) {
            case 't':
                shift = 40;
                break;
            case 'g':
                shift = 30;
                break;
            case 'm':
                shift = 20;
                break;
            case 'k':
                shift = 10;
                break;
            case 'b':
                shift = 0;
                break;
            default:
                break;
        }
    }
    if (shift > 0 && (value >> (64 - shift)) != 0) return std::nullopt;
    return value << shift;
}

std::vector<Range> xen_own_memory(std::uint64_t board_memory) {
    const auto ram = board_ram(board_memory);
    const std::uint64_t low_top = ram.front().end;
    const std::uint64_t pages = ram.back().end >> page_shift;
    // struct page_info has 56 bytes; setup_frametable_mappings rounds to 2 MiB and takes it from the top, 32
    // MiB aligned.
    const std::uint64_t table = align_up(pages * 56, 2 * MiB);
    const std::uint64_t place = align_down(ram.back().end - table, 32 * MiB);
    return {{align_down(low_top - 2 * MiB, 2 * MiB), low_top}, {place, place + table}};
}

Dom0Banks allocate_dom0(std::vector<Range> ram, const std::vector<Range>& taken, std::uint64_t wanted) {
    for (const Range& hole : taken) ram = without(ram, hole);
    BuddyHeap heap;
    for (const Range& range : ram) heap.add(range);

    Dom0Banks result;
    result.unallocated = wanted;
    const unsigned min_low_order = order_up(std::min<std::uint64_t>(wanted, 128 * MiB));
    std::optional<Range> bank0;
    for (unsigned order = order_down(wanted); !bank0 && order >= min_low_order && order > 0; --order)
        for (unsigned bits = order; !bank0 && bits <= dma_bits; ++bits)
            if (const auto address = heap.take(order, bits)) bank0 = Range{*address, *address + bytes_of(order)};
    bool low = bank0.has_value();
    if (bank0) {
        result.banks.push_back(*bank0);
        result.unallocated -= bank0->size();
    }

    unsigned order = order_down(result.unallocated);
    while (result.unallocated > 0 && result.banks.size() < max_banks) {
        const auto address = heap.take(order, low ? dma_bits : 63);
        const bool refused = address && !result.banks.empty() && bytes_of(order) < 128 * MiB &&
                             *address + bytes_of(order) < result.banks.front().begin;
        if (address && !refused) {
            insert_sorted(result.banks, {*address, *address + bytes_of(order)});
            result.unallocated -= std::min(result.unallocated, bytes_of(order));
            order = order_down(result.unallocated);
            continue;
        }
        if (low && (refused || order == 0 || order - 1 < min_low_order)) {
            low = false;
            order = order_down(result.unallocated);
        } else if (refused || order == 0 || order - 1 < min_order) {
            break;
        } else {
            --order;
        }
    }
    return result;
}

bool gives_dom0(std::uint64_t board_memory, std::vector<Range> taken, std::uint64_t wanted) {
    for (const Range& own : xen_own_memory(board_memory)) taken.push_back(own);
    return allocate_dom0(board_ram(board_memory), taken, wanted).unallocated == 0;
}

std::uint64_t dom0_ceiling(std::uint64_t board_memory, const std::vector<Range>& taken) {
    auto ram = board_ram(board_memory);
    std::vector<Range> holes = taken;
    for (const Range& own : xen_own_memory(board_memory)) holes.push_back(own);
    for (std::uint64_t wanted = align_down(board_memory, 4 * MiB); wanted > 0; wanted -= 4 * MiB)
        if (allocate_dom0(ram, holes, wanted).unallocated == 0) return wanted;
    return 0;
}

std::uint64_t left_for_guests(std::uint64_t board_memory, const std::vector<Range>& taken, std::uint64_t dom0_mem) {
    std::uint64_t total = 0;
    for (const Range& ram : board_ram(board_memory)) total += ram.size();
    std::uint64_t used = dom0_mem;
    for (const Range& range : taken) used += range.size();
    for (const Range& own : xen_own_memory(board_memory)) used += own.size();
    return total > used ? total - used : 0;
}

std::uint64_t page_tables_of_guest(std::uint64_t memory, std::uint64_t vcpus) {
    return align_up(memory / MiB * 4 * KiB + vcpus * MiB + 512 * KiB, MiB);
}

std::uint64_t taken_by_guest(std::uint64_t memory, std::uint64_t vcpus) {
    const std::uint64_t pool = page_tables_of_guest(memory, vcpus);
    return memory > std::numeric_limits<std::uint64_t>::max() - pool ? memory : memory + pool;
}

}  // namespace rpixen
