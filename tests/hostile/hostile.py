#!/usr/bin/env python3
"""Inputs that were once seen to crash the program, to take gigabytes or never to end, made anew: the program has to end with a documented
status, in 10 s of the processor and 256 MiB (docs/limits.md). Files are made by mkimage, mkfs.vfat, mtools, mke2fs, debugfs, sgdisk's format by hand, tar by hand.

usage: hostile.py PROGRAM WRITE_KIT WORK [CASE ...]
PROGRAM: a release build. WRITE_KIT: the tests' program that writes a small card's inputs. Prints a table: case, command, status, seconds, MiB.
Status 1 where one went beyond, and where the check of this program itself (a program that takes too much) was not seen to fail.
"""
import binascii
import json
import lzma
import os
import pathlib
import shutil
import signal
import struct
import subprocess
import sys
import tarfile
import tempfile
import time
import uuid

SECONDS = 10.0
MIB = 256
DOCUMENTED = {0, 3, 4, 5, 7}  # never 1 (a bug), 6 (the system) or a signal
CARD = ("check", "inspect", "verify")


def measured(words, folder):
    """Status (negative: a signal), seconds of the processor, which other work does not make more, and MiB at most."""
    begin = time.monotonic()
    with tempfile.TemporaryFile() as said:
        pid = os.posix_spawn(words[0], [str(word) for word in words], {**os.environ, "LC_ALL": "C.UTF-8"},
                             file_actions=[(os.POSIX_SPAWN_DUP2, said.fileno(), 1), (os.POSIX_SPAWN_DUP2, said.fileno(), 2)])
        while True:
            ended, status, usage = os.wait4(pid, os.WNOHANG)
            if ended:
                break
            if time.monotonic() - begin > 6 * SECONDS:
                os.kill(pid, signal.SIGKILL)
            time.sleep(0.02)
        seconds = usage.ru_utime + usage.ru_stime
        said.seek(0)
        text = said.read(1 << 20).decode(errors="replace")
    return os.waitstatus_to_exitcode(status), seconds, usage.ru_maxrss / 1024, text


def within(status, seconds, mib):
    return status in DOCUMENTED and seconds <= SECONDS and mib <= MIB


class Bench:
    def __init__(self, program, write_kit, work):
        self.program, self.work = program, work
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        self.kit = work / "kit"
        subprocess.run([write_kit, self.kit], check=True)
        self.card = work / "card.img"
        subprocess.run([program, "compose", self.kit / "manifest.json", "-o", self.card, "--report", work / "report.json"], check=True, capture_output=True)
        table = json.loads(subprocess.run(["sfdisk", "--json", self.card], check=True, capture_output=True).stdout)["partitiontable"]
        self.starts = [partition["start"] * 512 for partition in table["partitions"]]

    def card_with(self, files):
        """The good card with these files on its boot partition: name -> bytes."""
        image = self.work / "hostile.img"
        shutil.copy(self.card, image)
        for name, content in files.items():
            source = self.work / "file"
            source.write_bytes(content)
            subprocess.run(["mcopy", "-o", "-i", f"{image}@@{self.starts[0]}", source, f"::{name}"], check=True)
        return image

    def script(self, text):
        source, made = self.work / "boot.cmd", self.work / "boot.scr"
        source.write_text(text)
        subprocess.run(["mkimage", "-A", "arm64", "-T", "script", "-C", "none", "-d", source, made], check=True, capture_output=True)
        return self.card_with({"boot.scr": made.read_bytes()})

    def manifest(self, **artifacts):
        path = self.kit / "hostile.json"
        made = json.loads((self.kit / "manifest.json").read_text())
        made["artifacts"] |= {name: str(file) for name, file in artifacts.items()}
        path.write_text(json.dumps(made))
        return path


def gpt(entries):
    """A disk of 64 MiB whose GPT has these (first, last) sectors, all of the type Linux file system."""
    sectors = 64 * 2048
    table = bytearray(128 * max(len(entries), 128))
    kind = uuid.UUID("0fc63daf-8483-4772-8e79-3d69d8477de4").bytes_le
    for index, (first, last) in enumerate(entries):
        struct.pack_into("<16s16sQQQ", table, 128 * index, kind, uuid.uuid5(uuid.NAMESPACE_OID, str(index)).bytes_le, first, last, 0)
    header = bytearray(struct.pack("<8sIIIIQQQQ16sQIII", b"EFI PART", 0x10000, 92, 0, 0, 1, sectors - 1, 2048, sectors - 2048,
                                   uuid.UUID(int=1).bytes_le, 2, len(table) // 128, 128, binascii.crc32(table)))
    struct.pack_into("<I", header, 16, binascii.crc32(header))
    protective = bytearray(512)
    struct.pack_into("<BBBBBBBBII", protective, 446, 0, 0, 2, 0, 0xEE, 255, 255, 255, 1, sectors - 1)
    protective[510:] = b"\x55\xaa"
    return bytes(protective) + bytes(header).ljust(512, b"\0") + bytes(table), sectors * 512


def many_partitions(bench, count, step, make):
    image = bench.work / "hostile.img"
    front, size = gpt([(2048 + step * index, 2048 + 40 * 2048 + step * index) for index in range(count)])
    with open(image, "wb") as disk:
        disk.write(front)
        disk.truncate(size)
    file_system = bench.work / "file_system"
    with open(file_system, "wb") as file:
        file.truncate(40 << 20)
    subprocess.run([*make, file_system], check=True, capture_output=True)
    subprocess.run(["dd", f"if={file_system}", f"of={image}", "bs=1M", "seek=1", "conv=notrunc,sparse", "status=none"], check=True)
    return image


def deep_fat(bench, levels):
    """A FAT32 of one cluster a directory, each with one further directory: written by hand, mtools would take minutes."""
    image = bench.work / "hostile.img"
    with open(image, "wb") as disk:
        disk.truncate(64 << 20)
    subprocess.run(["mkfs.vfat", "-F", "32", "-s", "1", image], check=True, capture_output=True)
    with open(image, "r+b") as disk:
        boot = disk.read(512)
        reserved, fats, fat_sectors = struct.unpack_from("<H", boot, 14)[0], boot[16], struct.unpack_from("<I", boot, 36)[0]
        data = (reserved + fats * fat_sectors) * 512
        entry = lambda name, cluster: struct.pack("<11sB8xHHHHI", name, 0x10, cluster >> 16, 0, 0x21, cluster & 0xFFFF, 0)  # noqa: E731
        for level in range(levels):
            cluster = 2 + level
            content = entry(b"D          ", cluster + 1)
            if level:
                content = entry(b".          ", cluster) + entry(b"..         ", 0 if level == 1 else cluster - 1) + content
            disk.seek(data + (cluster - 2) * 512)
            disk.write(content.ljust(512, b"\0"))
        chain = struct.pack(f"<{levels + 1}I", *[0x0FFFFFFF] * (levels + 1))
        for copy in range(fats):
            disk.seek((reserved + copy * fat_sectors) * 512 + 8)
            disk.write(chain)
    return image


def wide_fat(bench, names):
    """One folder of very many names."""
    image = deep_fat(bench, 1)
    with open(image, "r+b") as disk:
        boot = disk.read(512)
        reserved, fats, fat_sectors = struct.unpack_from("<H", boot, 14)[0], boot[16], struct.unpack_from("<I", boot, 36)[0]
        clusters = (names * 32 + 511) // 512
        chain = list(range(3, 3 + clusters - 1)) + [0x0FFFFFFF]
        for copy in range(fats):
            disk.seek((reserved + copy * fat_sectors) * 512 + 8)
            disk.write(struct.pack(f"<{clusters}I", *chain))
        disk.seek((reserved + fats * fat_sectors) * 512)
        for index in range(names):  # one by one: what a parent holds is counted as its child's memory
            disk.write(struct.pack("<11sB8xHHHHI", b"%08X   " % index, 0x20, 0, 0, 0x21, 0, 0))
    return image


def endless_ext4(bench, folder):
    """Block maps whose triple indirect block names itself."""
    image = bench.work / "hostile.img"
    with open(image, "wb") as disk:
        disk.truncate(64 << 20)
    subprocess.run(["mke2fs", "-q", "-t", "ext2", "-b", "1024", image], check=True)
    content = bench.work / "file"
    content.write_bytes(b"x" * (300 << 10))
    subprocess.run(["debugfs", "-w", "-f", "-", image], input=f"write {content} f\nmkdir d\n".encode(), check=True, capture_output=True)
    target = "d" if folder else "f"
    stat = subprocess.run(["debugfs", "-R", "bmap f 20", image], check=True, capture_output=True, text=True).stdout
    block = int(stat.split()[-1])
    with open(image, "r+b") as disk:
        disk.seek(block * 1024)
        disk.write(struct.pack("<256I", *[block] * 256))
    size = 1 << 40 if not folder else 1 << 30
    edits = [f"sif {target} block[12] {block}", f"sif {target} block[13] {block}", f"sif {target} block[14] {block}", f"sif {target} size {size}"]
    subprocess.run(["debugfs", "-w", "-f", "-", image], input="\n".join(edits).encode(), check=True, capture_output=True)
    return image


def large_dictionary(bench):
    """An xz whose filter asks for a dictionary of 1.5 GiB: the byte of a small one is changed, and its header's checksum."""
    with open(bench.card, "rb") as card:
        made = bytearray(lzma.compress(card.read(8 << 20), preset=0))
    length = (made[12] + 1) * 4
    header = made[12 : 12 + length]
    at = header.index(0x21) + 2  # the filter LZMA2, the size of its properties, the property
    header[at] = 37  # (2 | 1) << (37 / 2 + 11) is 1.5 GiB
    header[-4:] = struct.pack("<I", binascii.crc32(header[:-4]))
    made[12 : 12 + length] = header
    path = bench.work / "hostile.img.xz"
    path.write_bytes(made)
    return path


def tar_header(name, kind=b"0", size=0, mode=0o755):
    header = bytearray(struct.pack("<100s8s8s8s12s12s8sc100s6s2s", name.encode(), b"%07o" % mode, b"0000000", b"0000000", b"%011o" % size,
                                   b"00000000000", b" " * 8, kind, b"", b"ustar\0", b"00").ljust(512, b"\0"))
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header)


def root_with(bench, pieces, packed=None):
    """A root file system: the kit's with these blocks before it."""
    path = bench.work / ("hostile.tar.zst" if packed else "hostile.tar")
    tail = (bench.kit / "rootfs.tar").read_bytes()
    if packed:
        pack = subprocess.Popen(["zstd", "-q", "-3", "-f", "-o", path], stdin=subprocess.PIPE)
        for piece in pieces:
            pack.stdin.write(piece)
        pack.stdin.write(tail)
        pack.stdin.close()
        if pack.wait():
            sys.exit("zstd failed")
    else:
        with open(path, "wb") as file:
            for piece in pieces:
                file.write(piece)
            file.write(tail)
    return bench.manifest(rootfs=path)


def pax(record):
    size = len(record) + 3
    while len(b"%d %s\n" % (size, record)) != size:
        size = len(b"%d %s\n" % (size, record))
    text = b"%d %s\n" % (size, record)
    return text, text.ljust((len(text) + 511) // 512 * 512, b"\0")


def pax_headers(count, kind, record):
    text, padded = pax(record)
    return (tar_header("pax", kind, len(text)) + padded for _ in range(count))


def deep_path(levels):
    text, padded = pax(b"path=" + b"/".join([b"d"] * levels))
    yield tar_header("pax", b"x", len(text)) + padded
    yield tar_header("d", b"5")


def tree(bench, number):
    """Trees that libfdt alone would follow out of their bounds: an offset, a length or a depth that is not the tree's."""
    made = bytearray((bench.kit / "bcm2711-rpi-4-b.dtb").read_bytes())
    structure, strings = struct.unpack_from(">II", made, 8)
    if number == "name":
        at = made.index(struct.pack(">I", 3), structure)
        struct.pack_into(">I", made, at + 8, 0xFFFFFFF0)  # a property's name beyond the strings
    elif number == "length":
        at = made.index(struct.pack(">I", 3), structure)
        struct.pack_into(">I", made, at + 4, 0x7FFFFFFC)
    elif number == "strings":
        struct.pack_into(">I", made, 12, len(made) - 1)
    elif number == "depth":
        block = struct.pack(">I4s", 1, b"a\0\0\0") * 100_000
        head = bytearray(made[:40])
        body = struct.pack(">I4s", 1, b"\0" * 4) + block + struct.pack(">I", 2) * 100_001 + struct.pack(">I", 9)
        struct.pack_into(">IIII", head, 4, 40 + 16 + len(body), 56, 56 + len(body), 40)
        struct.pack_into(">II", head, 32, 0, len(body))
        made = head + bytes(16) + body
    elif number == "end":
        at = made.rindex(struct.pack(">I", 9), structure, strings)
        made[at : at + 4] = struct.pack(">I", 4)
    path = bench.work / "hostile.dtb"
    path.write_bytes(made)
    return bench.manifest(dtb=path)


def root_files(count, kind):
    """A million empty ones, a name of its own each."""
    block = bytearray(tar_header("x" * 20, kind))
    for index in range(count):
        name = b"d%03d/e%06d" % (index // 5000, index)
        block[:100] = name.ljust(100, b"\0")
        block[148:156] = b" " * 8
        block[148:156] = b"%06o\0 " % sum(block)
        yield bytes(block)


KERNEL_LOAD = "fatload mmc 0:1 0x480000 Image\n"
CASES = {
    # scripts
    "script-while": lambda b: (b.script("while a=1; do b=2; done\n"), CARD),
    "script-while-empty": lambda b: (b.script("while ; do ; done\n"), CARD),
    "script-while-unset": lambda b: (b.script("while ${nothing}; do a=1; done\n"), CARD),
    "script-for-in-for": lambda b: (b.script("setenv w " + "a " * 2000 + "\nfor i in ${w}; do for j in ${w}; do for k in ${w}; do x=1; done; done; done\n"), CARD),
    "script-long-word": lambda b: (b.script("setenv v " + "a" * 65000 + "\necho " + "${v}" * 200_000 + "\n"), CARD),
    "script-many-words": lambda b: (b.script("setenv v " + "a " * 32000 + "\n" + "echo ${v}\n" * 50_000), CARD),
    "script-doubling": lambda b: (b.script("setenv v aaaaaaaa\n" + "setenv v ${v}${v}\n" * 60), CARD),
    "script-loads": lambda b: (b.script(KERNEL_LOAD * 9900), CARD),
    "script-runs": lambda b: (b.script("setenv v '" + "& " * 32000 + "'\n" + "run v\n" * 9000), CARD),
    "script-runs-itself": lambda b: (b.script("setenv v 'run v; run v'\nrun v\n"), CARD),
    "script-if-in-if": lambda b: (b.script("if true; then " * 5000 + "a=1" + "; fi" * 5000 + "\n"), CARD),
    "script-control-character": lambda b: (b.script("load mmc 0:1 0x480000 \u009b31mImage\n"), CARD),
    # config.txt
    "config-includes-itself": lambda b: (b.card_with({"config.txt": b"include config.txt\n"}), CARD),
    "config-includes-in-a-ring": lambda b: (b.card_with({"config.txt": b"include a.txt\n" * 1000, "a.txt": b"include config.txt\n" * 1000}), CARD),
    "config-long": lambda b: (b.card_with({"config.txt": b"dtparam=x\n" * 1_000_000}), CARD),
    "extlinux-long": lambda b: (b.card_with({"extlinux.conf": b"label l\n  linux /Image\n" * 200_000}), CARD),
    # partition tables
    "gpt-128-of-one-fat": lambda b: (many_partitions(b, 128, 0, ["mkfs.vfat", "-F", "32"]), CARD),
    "gpt-2048-of-one-fat": lambda b: (many_partitions(b, 2048, 0, ["mkfs.vfat", "-F", "32"]), CARD),
    "gpt-2048-of-one-ext4": lambda b: (many_partitions(b, 2048, 0, ["mke2fs", "-q", "-t", "ext4"]), CARD),
    "gpt-1024-overlapping": lambda b: (many_partitions(b, 1024, 8, ["mke2fs", "-q", "-t", "ext4"]), CARD),
    # file systems
    "fat-deep": lambda b: (deep_fat(b, 5000), CARD),
    "fat-wide": lambda b: (wide_fat(b, 1_500_000), CARD),
    "ext2-file-without-end": lambda b: (endless_ext4(b, False), CARD),
    "ext2-folder-without-end": lambda b: (endless_ext4(b, True), CARD),
    "xz-dictionary": lambda b: (large_dictionary(b), CARD),
    # archives
    "tar-pax-headers": lambda b: (root_with(b, pax_headers(300_000, b"x", b"comment=" + b"c" * 4000), packed=True), ("plan", "compose")),
    "tar-pax-values": lambda b: (root_with(b, pax_headers(300_000, b"x", b"SCHILY.xattr.user.x=" + b"c" * 4000), packed=True), ("plan", "compose")),
    "tar-global-headers": lambda b: (root_with(b, pax_headers(500_000, b"g", b"comment=c"), packed=True), ("plan", "compose")),
    "tar-path-of-500000": lambda b: (root_with(b, deep_path(500_000)), ("plan", "compose")),
    "tar-path-of-10000": lambda b: (root_with(b, deep_path(10_000)), ("plan", "compose")),
    # device trees
    **{f"tree-{kind}": lambda b, kind=kind: (tree(b, kind), ("plan", "compose")) for kind in ("name", "length", "strings", "depth", "end")},
}
# Not hostile, only many: time and memory follow the number. A folder has a block of 4 KiB to be written and read, a file of no bytes none.
MOST_MANY = 64 + 400e6 / 2**20  # MiB: 400 bytes an entry (docs/limits.md)
MANY = {
    "tar-million-files": lambda b: (root_with(b, root_files(1_000_000, b"0")), ("compose",)),
    "tar-million-folders": lambda b: (root_with(b, root_files(1_000_000, b"5")), ("compose",)),
}


def run_case(bench, name):
    subject, commands = (CASES | MANY)[name](bench)
    failed = False
    for command in commands:
        words = [bench.program, command, subject, *{"compose": ["-o", bench.work / "out.img"],
                                                    "verify": ["--report", bench.work / "report.json"]}.get(command, [])]
        status, seconds, mib, said = measured(words, bench.work)
        good = within(status, seconds, mib) if name in CASES else status in DOCUMENTED and mib <= MOST_MANY
        raw = [character for character in said if character != "\n" and (ord(character) < 0x20 or 0x7F <= ord(character) < 0xA0)]
        good = good and not raw and "bug in this program" not in said
        print(f"{name:26}{command:9}{status:7}{seconds:9.2f}{mib:8.0f}  {'' if good else 'BEYOND: ' + said[-300:]}", flush=True)
        failed = failed or not good
    for made in ("hostile.img", "hostile.tar", "hostile.tar.zst", "out.img"):
        (bench.work / made).unlink(missing_ok=True)
    return failed


def main():
    program, write_kit, work = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3]).absolute()
    bench = Bench(program, write_kit, work)
    # The check itself: one that takes too much, one that crashes, one that does not end are seen.
    for words in (["-c", "x = bytearray(300 << 20)"], ["-c", "import os; os.abort()"], ["-c", "while True: pass"]):
        if within(*measured([sys.executable, *words], work)[:3]):
            sys.exit(f"the check does not see {words}")
    print(f"{'case':26}{'command':9}{'status':>7}{'seconds':>9}{'MiB':>8}")
    failed = [name for name in sys.argv[4:] or CASES | MANY if run_case(bench, name)]
    shutil.rmtree(work)
    if failed:
        sys.exit(f"beyond the bounds: {' '.join(failed)}")


if __name__ == "__main__":
    main()
