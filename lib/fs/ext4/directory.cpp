#include "fs/ext4/directory.hpp"

#include <algorithm>
#include <array>
#include <bit>

#include <rpixen/error.hpp>

#include "base/bytes.hpp"

namespace rpixen::ext4 {
namespace {

using Words = std::array<std::uint32_t, 8>;

/// Up to 32 bytes of a name as big-endian words, filled up with the length of what is left of it
/// (str2hashbuf).
Words words_of(std::string_view rest) {
    const auto length = static_cast<std::uint32_t>(rest.size() & 0xff);
    std::uint32_t pad = length | length << 8;
    pad |= pad << 16;
    Words words;
    words.fill(pad);
    rest = rest.substr(0, 32);
    for (std::size_t word = 0; word * 4 < rest.size(); ++word) {
        std::uint32_t value = pad;
        for (const char c : rest.substr(word * 4, 4)) value = static_cast<unsigned char>(c) + (value << 8);
        words[word] = value;
    }
    return words;
}

struct Round {
    std::array<int, 8> order;
    std::array<int, 4> shifts;
    std::uint32_t constant;
};
constexpr std::array<Round, 3> rounds{{{{0, 1, 2, 3, 4, 5, 6, 7}, {3, 7, 11, 19}, 0},
                                       {{1, 3, 5, 7, 0, 2, 4, 6}, {3, 5, 9, 13}, 0x5a827999},
                                       {{3, 7, 2, 6, 1, 5, 0, 4}, {3, 9, 11, 15}, 0x6ed9eba1}}};

std::uint32_t mix(std::size_t round, std::uint32_t x, std::uint32_t y, std::uint32_t z) {
    if (round == 0) return z ^ (x & (y ^ z));
    if (round == 1) return (x & y) + ((x ^ y) & z);
    return x ^ y ^ z;
}

void half_md4(std::array<std::uint32_t, 4>& state, const Words& in) {
    std::uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
    for (std::size_t round = 0; round < rounds.size(); ++round) {
        for (std::size_t step = 0; step < 8; ++step) {
            const std::uint32_t word = in[static_cast<std::size_t>(rounds[round].order[step])];
            const std::uint32_t sum = a + mix(round, b, c, d) + word + rounds[round].constant;
            a = d;
            d = c;
            c = b;
            b = std::rotl(sum, rounds[round].shifts[step % 4]);
        }
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
}

struct Hashed {
    NameHash hash;
    std::uint32_t place;
};

}  // namespace

NameHash hash_of(std::string_view name, const Uuid& seed) {
    std::array<std::uint32_t, 4> state{0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
    if (seed != Uuid{})
        for (std::size_t word = 0; word < 4; ++word) state[word] = load_le<std::uint32_t>(seed.data() + 4 * word);
    for (std::string_view rest = name; !rest.empty(); rest.remove_prefix(std::min<std::size_t>(32, rest.size())))
        half_md4(state, words_of(rest));
    // 0xfffffffe stands for the end of a directory (EXT4_HTREE_EOF_32BIT).
    std::uint32_t major = state[1] & ~std::uint32_t{1};
    if (major == 0xfffffffe) major = 0xfffffffc;
    return {major, state[2]};
}

DirectoryPlan plan_directory(std::span<const std::string_view> names, const Uuid& hash_seed) {
    DirectoryPlan plan;
    plan.order.resize(names.size());
    std::uint64_t size = entry_size(1) + entry_size(2);
    for (std::uint32_t place = 0; place < names.size(); ++place) {
        plan.order[place] = place;
        size += entry_size(names[place].size());
    }
    if (size <= entries_end) {
        plan.leaves.push_back({});
        return plan;
    }

    plan.indexed = true;
    std::vector<Hashed> hashed(names.size());
    for (std::uint32_t place = 0; place < names.size(); ++place)
        hashed[place] = {hash_of(names[place], hash_seed), place};
    std::sort(hashed.begin(), hashed.end(), [&](const Hashed& a, const Hashed& b) {
        if (a.hash != b.hash) return a.hash < b.hash;
        return names[a.place] < names[b.place];
    });
    std::uint32_t used = entries_end + 1;
    for (std::uint32_t index = 0; index < hashed.size(); ++index) {
        plan.order[index] = hashed[index].place;
        const std::uint32_t needed = entry_size(names[hashed[index].place].size());
        if (used + needed > entries_end) {
            const std::uint32_t hash = hashed[index].hash.major;
            const bool continued = index != 0 && hashed[index - 1].hash.major == hash;
            plan.leaves.push_back({index, hash | static_cast<std::uint32_t>(continued)});
            used = 0;
        }
        used += needed;
    }
    if (plan.leaves.size() > root_index_limit)
        plan.index_nodes = static_cast<std::uint32_t>((plan.leaves.size() + node_index_limit - 1) / node_index_limit);
    if (plan.index_nodes > root_index_limit)
        throw Error(ErrorCode::unfit, "a directory has more entries than a directory index can hold",
                    std::to_string(names.size()), {}, "spread the files over several directories");
    return plan;
}

}  // namespace rpixen::ext4
