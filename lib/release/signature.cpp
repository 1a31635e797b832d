#include "release/signature.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include <rpixen/error.hpp>

#include "base/base64.hpp"
#include "base/blake2b.hpp"
#include "base/size.hpp"
#include "console/process.hpp"
#include "storage/input_file.hpp"
#include "storage/temporary_name.hpp"

namespace rpixen {
namespace {

constexpr std::uint64_t largest_key = 64 * KiB;
constexpr std::uint64_t largest_signature = 64 * KiB;

class KeySigner final : public Signer {
  public:
    explicit KeySigner(Ed25519PrivateKey key) : key_(std::move(key)), id_(key_.public_key().id()) {}
    Bytes sign(ByteView message, const std::string&) const override { return key_.sign(message); }
    std::string key_id() const override { return id_; }

  private:
    Ed25519PrivateKey key_;
    std::string id_;
};

/// A folder that goes with this object, with all that is in it.
class ScratchFolder {
  public:
    explicit ScratchFolder(const std::string& folder) : path_(temporary_name(folder + "/signing", next_tag(), "tmp")) {
        if (::mkdir(path_.c_str(), 0700) != 0) throw_io("make", path_);
    }
    ~ScratchFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    ScratchFolder(const ScratchFolder&) = delete;
    ScratchFolder& operator=(const ScratchFolder&) = delete;
    std::string operator/(const std::string& name) const { return path_ + "/" + name; }

  private:
    std::string path_;
};

class CommandSigner final : public Signer {
  public:
    CommandSigner(std::string command, std::string folder) : command_(std::move(command)), folder_(std::move(folder)) {}

    Bytes sign(ByteView message, const std::string& name) const override {
        const ScratchFolder scratch(folder_);
        const std::string input = scratch / name;
        const std::string output = scratch / (name + ".sig");
        {
            const FileDescriptor file(::open(input.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
            if (!file) throw_io("write", input);
            pwrite_exactly(file.get(), 0, message, input);
        }
        const FileDescriptor nothing(::open("/dev/null", O_RDONLY | O_CLOEXEC));
        const pid_t child = start_process({"/bin/sh", "-c", command_, "sh", input, output}, nothing.get(),
                                          STDERR_FILENO, STDERR_FILENO, {});
        const int status = wait_for(child);
        if (status != 0) fail("exit status " + std::to_string(status));
        if (::access(output.c_str(), R_OK) != 0) fail("no signature in the file \"$2\"");
        const std::string signature = read_text_file(output, largest_signature, "a signature");
        if (signature.empty()) fail("an empty signature");
        return to_bytes(signature);
    }
    std::string key_id() const override { return {}; }

  private:
    [[noreturn]] void fail(const std::string& found) const {
        throw Error(ErrorCode::unavailable, "the command that signs failed: " + command_, found,
                    "it reads \"$1\", writes the signature to \"$2\" and exits with 0",
                    "try it by hand with two files");
    }

    std::string command_;
    std::string folder_;
};

/// The lines of minisign's and signify's files (their manual pages): a comment, base64, and of a signature by minisign
/// a trusted comment and the signature of both.
struct CommentedFile {
    Bytes bytes;
    std::string trusted_comment;
    Bytes trusted_signature;
};

std::optional<CommentedFile> parse_commented(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty() && lines.size() < 5) {
        const std::size_t end = text.find('\n');
        std::string_view line = text.substr(0, end);
        if (line.ends_with('\r')) line.remove_suffix(1);
        lines.push_back(line);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    if (lines.size() != 2 && lines.size() != 4) return std::nullopt;
    constexpr std::string_view untrusted = "untrusted comment:";
    constexpr std::string_view trusted = "trusted comment: ";
    const auto bytes = parse_base64(lines[1]);
    if (!lines[0].starts_with(untrusted) || !bytes) return std::nullopt;
    CommentedFile file{*bytes, {}, {}};
    if (lines.size() == 4) {
        const auto signature = parse_base64(lines[3]);
        if (!lines[2].starts_with(trusted) || !signature) return std::nullopt;
        file.trusted_comment = lines[2].substr(trusted.size());
        file.trusted_signature = *signature;
    }
    return file;
}

constexpr std::size_t number_size = 8;
/// Both programs: two letters of the algorithm, eight bytes that number the key, and the key or signature.
constexpr std::size_t head_size = 2 + number_size;
constexpr std::string_view plain = "Ed";      ///< the message itself is signed
constexpr std::string_view prehashed = "ED";  ///< minisign: its BLAKE2b

}  // namespace

SignatureProof SignatureProof::read(const std::string& path) {
    return parse(read_text_file(path, largest_key, "a public key"), path);
}

SignatureProof SignatureProof::parse(std::string_view text, const std::string& name) {
    if (auto key = Ed25519PublicKey::from_pem(text)) return {*std::move(key), {}};
    const auto file = parse_commented(text);
    if (file && file->bytes.size() == head_size + ed25519_key_size && as_text(file->bytes).starts_with(plain))
        return {Ed25519PublicKey::from_bytes(ByteView(file->bytes).subspan(head_size)),
                std::string(as_text(file->bytes).substr(plain.size(), number_size))};
    throw Error(ErrorCode::artifact, "not a public key that can prove a release: " + name, {},
                "an Ed25519 public key in PEM, minisign's or signify's",
                "openssl pkey -in KEY -pubout writes one; a private key never belongs here");
}

std::unique_ptr<Signer> key_signer(const std::string& path) {
    auto key = Ed25519PrivateKey::from_pem(read_text_file(path, largest_key, "a key"));
    if (!key)
        throw Error(ErrorCode::artifact, "not a key that can sign a release: " + path, {},
                    "an Ed25519 private key in PEM without a passphrase",
                    "openssl genpkey -algorithm ed25519 makes one; for a key behind a passphrase or in a token give "
                    "--sign-command");
    return std::make_unique<KeySigner>(*std::move(key));
}

std::unique_ptr<Signer> command_signer(const std::string& command, const std::string& folder) {
    return std::make_unique<CommandSigner>(command, folder);
}

bool SignatureProof::proves(ByteView message, ByteView signature) const {
    if (number_.empty()) return key_.proves(message, signature);
    const auto file = parse_commented(as_text(signature));
    if (!file || file->bytes.size() != head_size + ed25519_signature_size) return false;
    const std::string_view head = as_text(file->bytes).substr(0, head_size);
    if (head.substr(2) != number_) return false;
    const ByteView own = ByteView(file->bytes).subspan(head_size);
    const bool proven = head.starts_with(prehashed) ? key_.proves(blake2b(message), own)
                                                    : head.starts_with(plain) && key_.proves(message, own);
    if (!proven || file->trusted_signature.empty()) return proven;
    Bytes both(own.begin(), own.end());
    const ByteView comment = as_bytes(file->trusted_comment);
    both.insert(both.end(), comment.begin(), comment.end());
    return key_.proves(both, file->trusted_signature);
}

}  // namespace rpixen
