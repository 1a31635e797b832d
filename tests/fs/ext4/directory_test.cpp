#include "fs/ext4/directory.hpp"

#include <gtest/gtest.h>

#include <cstdio>

#include "base/digest.hpp"
#include "support/run.hpp"

namespace rpixen::ext4 {
namespace {

Uuid some_seed() {
    Uuid seed;
    for (std::size_t index = 0; index < seed.size(); ++index) seed[index] = static_cast<std::byte>(index * 17 + 3);
    return seed;
}

/// "Hash of NAME is 0x... (minor 0x...)"; 4 is the unsigned half MD4 (EXT2_HASH_HALF_MD4_UNSIGNED).
NameHash debugfs_hash(const std::string& name, const Uuid& seed) {
    const std::string answer = test::run_ok(
        {"debugfs", "-R", "dx_hash -h 4 -s " + format_uuid(seed) + " \"" + name + "\""});
    const std::size_t at = answer.rfind(" is 0x");
    NameHash hash;
    std::sscanf(answer.c_str() + at, " is %x (minor %x)", &hash.major, &hash.minor);
    return hash;
}

TEST(Ext4Directory, HashesAsLibext2fsDoes) {
    for (const std::size_t length : {1U, 2U, 3U, 4U, 5U, 31U, 32U, 33U, 63U, 64U, 65U, 200U, 255U}) {
        std::string name;
        for (std::size_t index = 0; index < length; ++index) name += static_cast<char>('a' + index * 7 % 26);
        EXPECT_EQ(hash_of(name, some_seed()), debugfs_hash(name, some_seed())) << length;
    }
    EXPECT_EQ(hash_of("\xc3\xa4\xff\x80", some_seed()), debugfs_hash("\xc3\xa4\xff\x80", some_seed()));
    EXPECT_EQ(hash_of("name", Uuid{}), debugfs_hash("name", Uuid{}));
}

std::vector<std::string> names(std::size_t count, std::size_t length) {
    std::vector<std::string> list;
    for (std::size_t number = 0; number < count; ++number) {
        std::string name = std::to_string(number);
        name.append(length - name.size(), 'x');
        list.push_back(name);
    }
    return list;
}

DirectoryPlan plan_of(const std::vector<std::string>& list) {
    const std::vector<std::string_view> views(list.begin(), list.end());
    return plan_directory(views, some_seed());
}

TEST(Ext4Directory, OneBlockHoldsWhatFitsBesideTheDots) {
    // 4084 bytes, 24 for "." and "..": 203 entries of 20 bytes are 4060.
    EXPECT_FALSE(plan_of(names(203, 12)).indexed);
    EXPECT_EQ(plan_of(names(203, 12)).block_count(), 1U);
    const DirectoryPlan one_more = plan_of(names(204, 12));
    EXPECT_TRUE(one_more.indexed);
    EXPECT_EQ(one_more.leaves.size(), 1U);
    EXPECT_EQ(one_more.block_count(), 2U);
    EXPECT_EQ(plan_of(names(205, 12)).block_count(), 3U);
    EXPECT_EQ(plan_of({}).block_count(), 1U);
}

TEST(Ext4Directory, LeavesAscendAndAreFull) {
    const std::vector<std::string> list = names(10000, 12);
    const DirectoryPlan plan = plan_of(list);
    EXPECT_EQ(plan.leaves.size(), (10000 + 203) / 204U);
    EXPECT_EQ(plan.index_nodes, 0U);
    std::vector<bool> seen(list.size());
    std::uint32_t last = 0;
    for (const std::uint32_t place : plan.order) {
        EXPECT_FALSE(seen[place]);
        seen[place] = true;
        const std::uint32_t hash = hash_of(list[place], some_seed()).major;
        EXPECT_GE(hash, last);
        last = hash;
    }
    for (std::size_t leaf = 1; leaf < plan.leaves.size(); ++leaf)
        EXPECT_EQ(plan.leaves[leaf].hash & ~1U, hash_of(list[plan.order[plan.leaves[leaf].first]], some_seed()).major);
}

TEST(Ext4Directory, MoreLeavesThanARootHoldsNeedNodes) {
    EXPECT_EQ(plan_of(names(15 * 507, 255)).index_nodes, 0U);
    EXPECT_EQ(plan_of(names(15 * 507 + 1, 255)).index_nodes, 1U);
    EXPECT_EQ(plan_of(names(15 * 510 + 1, 255)).index_nodes, 2U);
}

}  // namespace
}  // namespace rpixen::ext4
