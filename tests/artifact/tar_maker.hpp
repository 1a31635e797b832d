#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace rpixen::test {

/// Makes tars block by block, also such as no program would write.
class TarMaker {
  public:
    struct Header {
        std::string name = "file";
        char type = '0';
        std::string link{};
        std::uint64_t size = 0;
        unsigned mode = 0644;
        std::uint64_t uid = 0;
        std::uint64_t gid = 0;
        std::uint64_t mtime = 0;
        unsigned major = 0;
        unsigned minor = 0;
        std::string prefix{};
        std::string magic{
            "ustar\0"
            "00",
            8};
    };
    using Records = std::initializer_list<std::pair<std::string_view, std::string>>;

    /// A header block with its checksum.
    static std::string block(const Header& header);
    /// pax records: "LENGTH KEY=VALUE\n" each.
    static std::string records(Records records);

    TarMaker& header(const Header& header) { return raw(block(header)); }
    TarMaker& raw(std::string_view bytes);
    /// Data and what fills its last block.
    TarMaker& data(std::string_view bytes);
    TarMaker& pax(Records records, char type = 'x');
    TarMaker& gnu_long(char type, std::string_view text);
    TarMaker& file(const std::string& name, std::string_view content);
    TarMaker& directory(const std::string& name);
    TarMaker& symlink(const std::string& name, const std::string& target);
    TarMaker& hard_link(const std::string& name, const std::string& target);

    /// The tar with its two closing blocks.
    std::string finish() const { return tar_ + std::string(1024, '\0'); }
    /// The tar without them.
    const std::string& unfinished() const { return tar_; }

  private:
    std::string tar_;
};

}  // namespace rpixen::test
