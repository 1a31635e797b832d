#include "storage/early_write_back.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include "base/size.hpp"
#include "storage/output_file.hpp"
#include "support/temporary_folder.hpp"

namespace rpixen {
namespace {

TEST(EarlyWriteBack, ChangesNothingOfWhatIsWritten) {
    const test::TemporaryFolder folder;
    std::string text;
    OutputFile file(folder / "card.img");
    file.write_back_early();
    for (char letter = 'a'; letter <= 'z'; ++letter) {
        const std::string part(2 * MiB, letter);
        file.write(text.size(), as_bytes(part));
        text += part;
    }
    file.write(5, as_bytes("late"));
    text.replace(5, 4, "late");
    file.commit();
    EXPECT_TRUE(test::read_file(folder / "card.img") == text);
}

TEST(EarlyWriteBack, MayEndAtAnyTime) {
    const test::TemporaryFolder folder;
    const FileDescriptor file(::open(folder.write("file", "text").c_str(), O_RDWR | O_CLOEXEC));
    for (int round = 0; round < 50; ++round) {
        EarlyWriteBack write_back(file.get());
        for (int piece = 0; piece < round; ++piece) write_back.note(4 * MiB);
    }
    EarlyWriteBack failing(-1);  // fsync will say what is wrong
    failing.note(64 * MiB);
}

}  // namespace
}  // namespace rpixen
