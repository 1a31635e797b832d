#include "fs/ext4/kinds.hpp"

#include <sys/xattr.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "support/run.hpp"

namespace rpixen::test {
namespace {

Ext4Kind with(std::string name, std::string features, std::vector<std::string> more = {}, unsigned mebibytes = 32) {
    std::vector<std::string> options{"-t", "ext4", "-O", std::move(features)};
    options.insert(options.end(), more.begin(), more.end());
    return {std::move(name), std::move(options), mebibytes};
}

/// The ext4 line of Debian 13's /etc/mke2fs.conf (e2fsprogs 1.47.2).
constexpr const char* debian13 =
    "has_journal,extent,huge_file,flex_bg,metadata_csum,metadata_csum_seed,64bit,dir_nlink,extra_isize,"
    "orphan_"
    "file";

bool has_feature(const Ext4Kind& kind, const std::string& feature) {
    return std::any_of(kind.options.begin(), kind.options.end(),
                       [&](const std::string& option) { return option.find(feature) != std::string::npos; });
}

/// Clears the feature mmp in the superblock; whether it was set.
bool lift_protection(const std::string& path) {
    constexpr std::streamoff incompatible = 1024 + 0x61;  // second byte of s_feature_incompat
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(incompatible);
    const int features = file.get();
    if ((features & 1) == 0) return false;
    file.seekp(incompatible);
    file.put(static_cast<char>(features & ~1));
    return true;
}

}  // namespace

const std::vector<Ext4Kind>& ext4_kinds() {
    static const std::vector<Ext4Kind> kinds = [] {
        std::vector<Ext4Kind> list{
            {"Ext2", {"-t", "ext2"}},
            {"Ext2Of1KiB", {"-t", "ext2", "-b", "1024"}},
            {"Ext2WithoutFeatures", {"-t", "ext2", "-I", "128", "-b", "1024", "-O", "none"}},
            {"Ext3", {"-t", "ext3"}},
            {"Ext3Of1KiB", {"-t", "ext3", "-b", "1024"}},
            {"Debian12", {"-t", "ext4"}},
            with("Debian13", debian13),
            with("Debian13Of1KiB", debian13, {"-b", "1024"}),
            with("Debian13Of2KiB", debian13, {"-b", "2048"}),
            with("Debian13Of64KiB", debian13, {"-b", "65536"}, 128),
            with("Of1KiB", "64bit", {"-b", "1024"}),
            with("Of2KiB", "64bit", {"-b", "2048"}),
            with("Of64KiB", "64bit", {"-b", "65536"}, 128),
            with("OrphanFile", "orphan_file"),
            with("OrphanFileWithoutChecksums", "orphan_file,^metadata_csum"),
            with("OrphanFileGroupChecksums", "orphan_file,^metadata_csum,uninit_bg"),
            with("Quota", "quota"),
            with("ProjectQuota", "project,quota"),
            with("QuotaOfUsers", "quota", {"-E", "quotatype=usrquota"}),
            with("Mmp", "mmp"),
            with("Bigalloc", "bigalloc", {"-C", "16384"}),
            with("BigallocOf1KiB", "bigalloc", {"-b", "1024", "-C", "16384"}),
            with("BigallocLarge", "bigalloc", {"-C", "65536"}, 128),
            with("BigallocQuota", "bigalloc,quota", {"-C", "32768"}),
            with("EaInode", "ea_inode"),
            with("EaInodeQuota", "ea_inode,quota"),
            with("Casefold", "casefold"),
            with("CasefoldStrict", "casefold", {"-E", "encoding=utf8,encoding_flags=strict"}),
            with("Verity", "verity"),
            with("Encrypt", "encrypt"),
            with("FastCommit", "fast_commit"),
            with("ChecksumSeed", "metadata_csum_seed"),
            with("InlineData", "inline_data"),
            with("InlineDataOf1KiB", "inline_data", {"-b", "1024", "-I", "512"}),
            with("LargeDir", "large_dir"),
            with("SparseSuper2", "sparse_super2,^resize_inode"),
            with("SparseSuper2Small", "sparse_super2,^resize_inode", {"-b", "1024"}),
            with("MetaBg", "meta_bg,^resize_inode", {"-b", "1024"}),
            with("MetaBgOf64Bit", "meta_bg,^resize_inode,64bit", {"-b", "1024", "-g", "1024"}),
            with("WithoutFlexBg", "^flex_bg", {"-b", "1024"}),
            with("Without64Bit", "^64bit"),
            with("WithoutJournal", "^has_journal"),
            with("WithoutExtents", "^extents,^64bit"),
            with("WithoutChecksums", "^metadata_csum"),
            with("GroupChecksums", "^metadata_csum,uninit_bg"),
            with("WithoutFileTypes", "^filetype"),
            with("WithoutDirIndex", "^dir_index"),
            with("WithoutExtendedAttributes", "^ext_attr"),
            with("WithoutHugeFile", "^huge_file,^large_file,^dir_nlink"),
            with("WithoutSparseSuper", "^sparse_super,^resize_inode", {"-b", "1024"}),
            with("WithoutResizeInode", "^resize_inode"),
            with("SmallInodes", "^metadata_csum", {"-I", "128"}),
            with("LargeInodes", "64bit", {"-I", "1024"}),
            with("ManyGroups", "64bit", {"-b", "1024", "-g", "512", "-N", "2048"}),
            with("StableInodes", "stable_inodes,encrypt"),
            with("PackedMetadata", "64bit", {"-E", "packed_meta_blocks=1"}, 64),
            with("StrideAndStripe", "64bit", {"-E", "stride=4,stripe_width=16"}),
            with("JournalAtTheEnd", "64bit", {"-J", "size=4,location=24M"}),
            with("Everything",
                 "orphan_file,project,quota,mmp,ea_inode,verity,encrypt,fast_commit,"
                 "metadata_csum_seed,inline_data,large_dir,stable_inodes"),
            with("EverythingWithClusters",
                 "bigalloc,orphan_file,project,quota,mmp,ea_inode,verity,casefold,"
                 "metadata_csum_seed,large_dir",
                 {"-C", "16384"}),
        };
        Ext4Kind verity = with("VerityFlag", "verity");
        verity.requests = {"sif three flags 0x180000"};
        list.push_back(verity);
        Ext4Kind folded = with("CasefoldedFolder", "casefold");
        folded.requests = {"sif folder flags 0x40080000"};
        list.push_back(folded);
        Ext4Kind valued = with("ValueInInode", "ea_inode");
        valued.requests = {"ea_set attributed user.huge " + std::string(5000, 'w'),
                           "ea_set three user.huge " + std::string(5000, 'w'),
                           "ea_set three user.other " + std::string(4500, 'x')};
        list.push_back(valued);
        Ext4Kind deleted = with("DeletedFiles", debian13);
        deleted.requests = {"rm three", "kill_file three", "mkdir new", "symlink sym file", "mknod pipe p"};
        list.push_back(deleted);
        Ext4Kind late_journal{"LateJournal", {"-t", "ext4", "-O", "^has_journal"}};
        late_journal.tune2fs = {"-O", "has_journal"};
        list.push_back(late_journal);
        Ext4Kind renamed = with("NewIdentifier", "metadata_csum_seed");
        renamed.tune2fs = {"-U", "c0ffee00-0000-4000-8000-000000000001"};
        list.push_back(renamed);
        for (Ext4Kind& kind : list)
            for (const char* name : {"Ext2Of1KiB", "Debian13", "BigallocQuota", "InlineData", "Everything"})
                kind.thorough |= kind.name == name;
        return list;
    }();
    return kinds;
}

const std::vector<Ext4Damage>& ext4_damages() {
    static const std::vector<Ext4Damage> damages{
        {"LinkCount", {"sif file links_count 5"}},
        {"LinkCountOfFolder", {"sif folder links_count 9"}},
        {"FileSize", {"sif three size 10"}},
        {"FileSizeGrown", {"sif three size 30000000"}},
        {"FolderSize", {"sif folder size 100"}},
        {"BlockCount", {"sif three blocks 2"}},
        {"InlineDataGone", {"ea_rm small system.data"}},
        {"Mode", {"sif three mode 0120644"}},
        {"ModeNone", {"sif three mode 0644"}},
        {"ModeOfFolder", {"sif folder mode 0100755"}},
        {"ModeOfSymlink", {"sif short mode 0100644"}},
        {"DeletionTime", {"sif three dtime 1700000000"}},
        {"Flags", {"sif three flags 0"}},
        {"FlagsInline", {"sif three flags 0x10000000"}},
        {"FlagsIndex", {"sif three flags 0x81000"}},
        {"FlagsEncrypt", {"sif three flags 0x80800"}},
        {"FlagsCasefold", {"sif three flags 0x40080000"}},
        {"FlagsEaInode", {"sif three flags 0x280000"}},
        {"FlagsOfFolderNotIndexed", {"sif large flags 0x80000"}},
        {"FlagsOfFolderIndexed", {"sif folder flags 0x81000"}},
        {"FileBlock", {"sif three block[5] 20"}},
        {"FileBlockFar", {"sif three block[5] 99999999"}},
        {"FirstBlock", {"sif three block[0] 0"}},
        {"AttributeBlock", {"sif three file_acl 30"}},
        {"Freed", {"freeb 900"}},
        {"Taken", {"setb 2900"}},
        {"InodeFreed", {"freei file"}},
        {"InodeTaken", {"seti <200>"}},
        {"InodeCleared", {"clri three"}},
        {"FolderCleared", {"clri folder"}},
        {"LostAndFoundCleared", {"clri lost+found"}},
        {"Unlinked", {"unlink three"}},
        {"FolderUnlinked", {"unlink folder"}},
        {"Linked", {"ln three again"}},
        {"FolderLinked", {"ln folder again"}},
        {"LinkedToFree", {"ln <300> dangling"}},
        {"LinkedToReserved", {"ln <7> reserved"}},
        {"FreeBlocks", {"ssv free_blocks_count 7"}},
        {"FreeInodes", {"ssv free_inodes_count 7"}},
        {"GroupFreeBlocks", {"set_bg 0 free_blocks_count 3", "set_bg 0 checksum calc"}},
        {"GroupFreeInodes", {"set_bg 0 free_inodes_count 3", "set_bg 0 checksum calc"}},
        {"GroupDirectories", {"set_bg 0 used_dirs_count 77", "set_bg 0 checksum calc"}},
        {"GroupFlags", {"set_bg 0 flags 7", "set_bg 0 checksum calc"}},
        {"GroupUnused", {"set_bg 0 itable_unused 200", "set_bg 0 checksum calc"}},
        {"GroupChecksum", {"set_bg 0 checksum 4"}},
        {"GroupInodeTable", {"set_bg 0 inode_table 5", "set_bg 0 checksum calc"}},
        {"GroupBlockBitmap", {"set_bg 0 block_bitmap 50", "set_bg 0 checksum calc"}},
        {"JournalCleared", {"clri <8>"}},
        {"JournalMode", {"sif <8> mode 0"}},
        {"ResizeInodeCleared", {"clri <7>"}},
        {"ResizeInodeBlock", {"sif <7> block[1] 33"}},
        {"BadBlocksInode", {"sif <1> mode 0100644"}},
        {"BootLoaderInode", {"sif <5> mode 040755"}},
        {"RootMode", {"sif <2> mode 0100755"}},
        {"UserQuotaCleared", {"clri <3>"}},
        {"GroupQuotaMode", {"sif <4> mode 0"}},
        {"InodeSize", {"ssv inode_size 100"}},
        {"RequiredFields", {"ssv min_extra_isize 33"}},
        {"WantedFields", {"ssv want_extra_isize 300"}},
        {"CasefoldWithoutEncoding", {"feature casefold"}},
        {"InodesPerGroup", {"ssv inodes_per_group 96"}},
        {"FirstInode", {"ssv first_ino 4"}},
        {"ReservedBlocks", {"ssv r_blocks_count 8000"}},
        {"ReservedDescriptors", {"ssv reserved_gdt_blocks 20"}},
        {"BlocksPerGroup", {"ssv blocks_per_group 4096"}},
        {"BlockCountTooLarge", {"ssv blocks_count 9000000"}},
        {"JournalInode", {"ssv journal_inum 11"}},
        {"ExtraSize", {"sif three extra_isize 30"}},
        {"ProjectQuotaInode", {"ssv prj_quota_inum 13"}},
        {"MmpBlock", {"ssv mmp_block 3"}},
        {"Written", {"write /dev/null created"}},
        {"Made", {"mkdir made", "mknod made/device c 4 64", "symlink made/link target"}},
        {"Holed", {"punch three 3 9"}},
        {"Removed", {"rm three"}},
        {"SymlinkSize", {"sif short size 3"}},
        {"LongSymlinkSize", {"sif long size 3"}},
        {"SymlinkFlags", {"sif short flags 0x10"}},
        {"Generation", {"sif three generation 5"}},
        {"DirectoryTime", {"sif folder mtime 1"}},
        {"AttributeSet", {"ea_set three user.new value"}},
        {"AttributeRemoved", {"ea_rm attributed user.large"}},
        {"OrphanFlag", {"feature orphan_present"}},
        {"WithoutExtentsFeature", {"feature -extents"}},
        {"WithoutInlineFeature", {"feature -inline_data"}},
        {"WithoutLargeFile", {"feature -large_file"}},
        {"WithoutIndexFeature", {"feature -dir_index"}},
        {"WithoutFiletypeFeature", {"feature -filetype"}},
        {"WithoutJournalFeature", {"feature -has_journal"}},
        {"WithoutResizeFeature", {"feature -resize_inode"}},
        {"WithoutAttributes", {"feature -ext_attr"}},
        {"WithoutOrphanFile", {"feature -orphan_file"}},
        {"WithoutQuota", {"feature -quota"}},
        {"WithBothChecksums", {"feature uninit_bg"}},
    };
    return damages;
}

void fill_sample_folder(const TemporaryFolder& folder, const std::string& name) {
    const auto at = [&](const std::string& path) { return name + "/" + path; };
    folder.write(at("file"), std::string(20'000, 'f'));
    folder.write(at("empty"), "");
    folder.write(at("small"), "a few bytes");
    folder.write(at("folder/inner"), "inner");
    folder.write(at("folder/deeper/still/leaf"), "leaf");
    folder.write(at("three"), std::string(300'000, 't'));
    std::filesystem::create_hard_link(folder / at("file"), folder / at("folder/link"));
    std::filesystem::create_symlink("file", folder / at("short"));
    std::filesystem::create_symlink(std::string(200, 'y'), folder / at("long"));
    for (int number = 0; number < 300; ++number)
        folder.write(at("large/a name that fills the directory " + std::to_string(number)), "");
    // A file of many runs: an extent tree, or indirect blocks.
    std::string holes;
    for (int number = 0; number < 12; ++number) holes += std::string(65'536, 'h') + std::string(65'536, '\0');
    folder.write(at("holes"), holes);
    const std::string attributed = folder.write(at("attributed"), "attributed");
    const std::string value(900, 'v');
    // A file system without room for them, or without attributes at all, does without.
    static_cast<void>(::setxattr(attributed.c_str(), "user.small", "s", 1, 0));
    static_cast<void>(::setxattr(attributed.c_str(), "user.large", value.data(), value.size(), 0));
}

void make_ext4_kind(const Ext4Kind& kind, const std::string& folder, const std::string& path) {
    std::vector<std::string> command{"mke2fs", "-q", "-F", "-d", folder};
    if (std::find(kind.options.begin(), kind.options.end(), "-N") == kind.options.end())
        command.insert(command.end(), {"-N", "1024"});
    command.insert(command.end(), kind.options.begin(), kind.options.end());
    command.insert(command.end(), {path, std::to_string(kind.mebibytes) + "M"});
    run_ok(command);
    run_debugfs(path, kind.requests);
    // mke2fs before 1.47.2 does not count what -d brings.
    // debugfs does not count the blocks of a value's inode.
    if (has_feature(kind, "quota") || has_feature(kind, "ea_inode")) static_cast<void>(run({"e2fsck", "-fy", path}));
    if (kind.tune2fs.empty()) return;
    std::vector<std::string> tune{"tune2fs"};
    tune.insert(tune.end(), kind.tune2fs.begin(), kind.tune2fs.end());
    tune.push_back(path);
    run_ok(tune);
}

void run_debugfs(const std::string& path, const std::vector<std::string>& requests) {
    std::string lines;
    for (const std::string& request : requests) lines += request + "\n";
    if (lines.empty()) return;
    // Under multi-mount protection debugfs waits eleven seconds: so it is lifted for it.
    const bool protected_before = lift_protection(path);
    if (protected_before) lines += "feature mmp\n";
    static_cast<void>(run({"debugfs", "-n", "-w", "-f", "-", path}, lines));
}

bool e2fsck_is_content(const std::string& path, std::string& said) {
    const Run result = run({"e2fsck", "-fn", path});
    said = "e2fsck: status " + std::to_string(result.status) + "\n" + result.out + result.err;
    return result.status == 0 && said.find("? no") == std::string::npos &&
           said.find("backup blocks") == std::string::npos;
}

}  // namespace rpixen::test
