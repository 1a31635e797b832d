// Writes the inputs of a small card with its manifest into a folder that does not exist. usage: write_kit FOLDER
#include <filesystem>

#include "support/artifact_kit.hpp"
#include "support/temporary_folder.hpp"

int main(int argc, char** argv) {
    if (argc != 2) return 2;
    const rpixen::test::TemporaryFolder folder;
    const rpixen::test::ArtifactKit kit(folder);
    std::filesystem::copy(folder.path(), argv[1], std::filesystem::copy_options::recursive);
}
