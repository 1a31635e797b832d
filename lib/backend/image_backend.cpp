#include "backend/image_backend.hpp"

#include <filesystem>

#include "storage/spooled_store.hpp"

namespace rpixen {

std::unique_ptr<ContentStore> ImageBackend::open_store(OutputFile& output, std::uint64_t) {
    const std::string folder = std::filesystem::path(output.path()).parent_path().string();
    return spooled_store(folder.empty() ? "." : folder);
}

std::shared_ptr<OlderData> ImageBackend::open_older(OutputFile&, std::shared_ptr<const InputFile>, std::uint64_t,
                                                    std::uint64_t) {
    return nullptr;
}

}  // namespace rpixen
