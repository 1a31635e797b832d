#include "pack/pack_stream.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/run.hpp"
#include "support/temporary_folder.hpp"

namespace rpixen::test {
namespace {

using testing::HasSubstr;

/// Any size does, but a large one takes long.
constexpr std::size_t block_size = 256 * KiB;

const std::vector<Compression> kinds{Compression::zstd, Compression::xz, Compression::gzip};

/// Two blocks and a part of one: numbers, zeros, and bytes that do not compress.
Bytes sample() {
    Bytes bytes;
    std::uint32_t state = 1;
    while (bytes.size() < 2 * block_size + 12345) {
        const std::size_t place = bytes.size();
        bytes.resize(place + 4096);
        if (place / 8192 % 3 == 0) continue;
        for (std::size_t index = place; index < bytes.size(); ++index) {
            state = state * 1664525 + 1013904223;
            bytes[index] = static_cast<std::byte>(place / 8192 % 3 == 1 ? state >> 24 : index * 7 % 64);
        }
    }
    return bytes;
}

std::string packed(Compression kind, unsigned threads, const Bytes& bytes) {
    std::string file;
    PackStream stream(kind, threads, [&](ByteView part) { file += as_text(part); });
    for (std::size_t place = 0; place < bytes.size(); place += block_size) {
        const std::size_t end = std::min<std::size_t>(bytes.size(), place + block_size);
        Bytes block = stream.take_buffer();
        block.assign(bytes.begin() + static_cast<std::ptrdiff_t>(place),
                     bytes.begin() + static_cast<std::ptrdiff_t>(end));
        stream.add(std::move(block));
    }
    stream.finish();
    return file;
}

std::string tool_of(Compression kind) {
    switch (kind) {
        case Compression::zstd:
            return "zstd";
        case Compression::xz:
            return "xz";
        default:
            return "gzip";
    }
}

TEST(PackStream, TheFieldsProgramsUnpackIt) {
    const Bytes bytes = sample();
    for (const Compression kind : kinds) {
        const std::string file = packed(kind, 2, bytes);
        EXPECT_LT(file.size(), bytes.size());
        EXPECT_TRUE(run_ok({tool_of(kind), "-dc"}, file) == as_text(bytes)) << tool_of(kind);
        EXPECT_EQ(run_ok({tool_of(kind), "-dc"}, packed(kind, 2, {})), "") << tool_of(kind) << " of nothing";
    }
}

TEST(PackStream, AnyNumberOfThreadsMakesTheSameBytes) {
    const Bytes bytes = sample();
    for (const Compression kind : kinds) {
        const std::string one = packed(kind, 1, bytes);
        EXPECT_TRUE(packed(kind, 0, bytes) == one) << tool_of(kind);
        EXPECT_TRUE(packed(kind, 7, bytes) == one) << tool_of(kind);
    }
}

TEST(PackStream, WithoutCompressionTheBytesThemselves) {
    const Bytes bytes = sample();
    EXPECT_TRUE(packed(Compression::none, 2, bytes) == as_text(bytes));
}

TEST(PackStream, BlocksThatUnpackSideBySide) {
    const TemporaryFolder folder;
    const Bytes bytes = sample();
    const std::string xz = folder.write("a.xz", packed(Compression::xz, 2, bytes));
    // Lines of --robot --list: "totals STREAMS BLOCKS ..." (xz(1)).
    EXPECT_THAT(run_ok({"xz", "--robot", "--list", xz}), HasSubstr("totals\t1\t3\t"));
    EXPECT_THAT(run_ok({"xz", "--robot", "--list", xz}), HasSubstr("CRC64"));
    const std::string zstd = folder.write("a.zst", packed(Compression::zstd, 2, bytes));
    EXPECT_THAT(run_ok({"zstd", "-lv", zstd}), AllOf(HasSubstr("# Zstandard Frames: 3\n"), HasSubstr("Check: XXH64")));
    // RFC 1952: no time in the header, and a second member would be another program's way.
    const std::string gzip = packed(Compression::gzip, 2, bytes);
    EXPECT_EQ(gzip.substr(0, 10), std::string("\x1f\x8b\x08\0\0\0\0\0\0\x03", 10));
}

TEST(PackStream, DamageIsSeenByTheFieldsPrograms) {
    for (const Compression kind : kinds) {
        std::string file = packed(kind, 2, sample());
        file[file.size() / 2] = static_cast<char>(file[file.size() / 2] ^ 0x10);
        EXPECT_NE(run({tool_of(kind), "-t"}, file).status, 0) << tool_of(kind);
    }
}

TEST(PackStream, WhatTheWriterThrowsComesThrough) {
    const Bytes bytes = sample();
    for (const Compression kind : kinds) {
        std::uint64_t room = 1000;
        const auto write = [&room](ByteView part) {
            if (part.size() > room) throw std::runtime_error("full");
            room -= part.size();
        };
        PackStream stream(kind, 2, write);
        stream.add(bytes);
        EXPECT_THROW(stream.finish(), std::runtime_error) << tool_of(kind);
    }
}

}  // namespace
}  // namespace rpixen::test
