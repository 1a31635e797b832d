#include "storage/write_behind.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>

#include <rpixen/error.hpp>

#include "support/temporary_folder.hpp"

namespace rpixen {
namespace {

constexpr std::size_t buffer_size = 4096;

class WriteBehindTest : public testing::Test {
  protected:
    test::TemporaryFolder folder_;
    OutputFile file_{folder_ / "card.img"};
    PartitionOutput partition_{file_, {512, 512 + (1 << 20)}};
};

TEST_F(WriteBehindTest, WritesInTheOrderGiven) {
    WriteBehind writer(partition_, buffer_size);
    for (int number = 0; number < 200; ++number) {
        Bytes buffer = writer.take();
        ASSERT_EQ(buffer.size(), buffer_size);
        std::fill(buffer.begin(), buffer.end(), static_cast<std::byte>(number));
        // Each overwrites the end of the one before.
        writer.put(std::move(buffer), static_cast<std::uint64_t>(number) * 1000, 0, 2000);
    }
    writer.finish();
    for (int number = 0; number < 200; ++number) {
        Bytes read(1000);
        pread_exactly(file_.descriptor(), 512 + static_cast<std::uint64_t>(number) * 1000, read, "card.img");
        EXPECT_EQ(read, Bytes(1000, static_cast<std::byte>(number)));
    }
}

TEST_F(WriteBehindTest, TellsWhatAWriteThrew) {
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
    const auto handler = std::signal(SIGXFSZ, SIG_IGN);
    WriteBehind writer(partition_, buffer_size);
    rlimit small = before;
    small.rlim_cur = 8192;
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
    const auto pour = [&] {
        for (std::uint64_t number = 0; number < 10; ++number) writer.put(writer.take(), number * 4096, 0, 4096);
        writer.finish();
    };
    EXPECT_THROW(pour(), Error);
    EXPECT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
    static_cast<void>(std::signal(SIGXFSZ, handler));
}

TEST_F(WriteBehindTest, EndsWithBuffersOnTheirWay) {
    {
        WriteBehind writer(partition_, buffer_size);
        Bytes buffer = writer.take();
        std::fill(buffer.begin(), buffer.end(), std::byte{7});
        writer.put(std::move(buffer), 0, 0, buffer_size);
    }
    Bytes read(buffer_size);
    pread_exactly(file_.descriptor(), 512, read, "card.img");
    EXPECT_EQ(read, Bytes(buffer_size, std::byte{7}));
}

}  // namespace
}  // namespace rpixen
