#include "storage/spooled_store.hpp"

#include <gmock/gmock.h>

#include <filesystem>

#include <rpixen/error.hpp>

#include "support/temporary_folder.hpp"

namespace rpixen {
namespace {

TEST(SpooledStore, KeepsWhatItIsGivenAndLeavesNoName) {
    const test::TemporaryFolder folder;
    const auto store = spooled_store(folder.path().string());
    store->begin(5);
    store->append(as_bytes("123"));
    store->append(as_bytes("45"));
    const Content first = store->finish();
    store->begin(3);
    store->append(as_bytes("678"));
    EXPECT_EQ(as_text(read_all(store->finish())), "678");
    EXPECT_EQ(as_text(read_all(first)), "12345");
    EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(SpooledStore, SaysWhereItCannotWrite) {
    const auto store = spooled_store("/nowhere");
    store->begin(1);
    try {
        store->append(as_bytes("1"));
        FAIL() << "nothing was thrown";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::io);
    }
}

}  // namespace
}  // namespace rpixen
