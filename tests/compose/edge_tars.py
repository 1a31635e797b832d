"""Writes tars that hold everything a tar can hold, as layers of one root file system: pax.tar, gnu.tar, ustar.tar and, through GNU
tar, sparse-gnu.tar and sparse-pax.tar.

usage: edge_tars.py FOLDER [CHANGE]

With CHANGE there is only pax.tar, and that with few entries; "nothing" changes nothing in it, another word one thing.
"""
import io
import os
import pathlib
import struct
import subprocess
import sys
import tarfile

folder = pathlib.Path(sys.argv[1])
change = sys.argv[2] if len(sys.argv) > 2 else ""
DIR, LINK, HARD, CHAR, BLOCK, FIFO = (tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE)


class Tar:
    def __init__(self, name, form):
        self.top = name.removesuffix(".tar")
        self.archive = tarfile.open(folder / name, "w", format=form, encoding="utf-8", errors="surrogateescape")

    def add(self, name, kind=tarfile.REGTYPE, data=b"", mode=None, mtime=1600000000, link="", device=(0, 0), uid=0, gid=0, **pax):
        member = tarfile.TarInfo("." if name == "." else f"{self.top}/{name}" if name else self.top)
        member.type, member.size, member.uid, member.gid = kind, len(data), uid, gid
        if isinstance(mtime, str):  # to the nanosecond; a float holds no such number
            pax["mtime"] = mtime
        else:
            member.mtime = mtime
        member.mode = mode if mode is not None else 0o755 if kind == DIR else 0o644
        member.linkname = f"{self.top}/{link}" if kind == HARD else link
        member.devmajor, member.devminor = device
        member.pax_headers = {key: value if isinstance(value, str) else value.decode("utf-8", "surrogateescape")
                              for key, value in pax.items()}
        self.archive.addfile(member, io.BytesIO(data))

    def xattr(self, name, attributes, **more):
        self.add(name, **{"SCHILY.xattr." + key: value for key, value in attributes.items()}, **more)


def noise(length, seed):
    """The same on every machine; every byte value occurs."""
    return bytes((index * 167 + seed * 31 + (index >> 8) * 13) & 0xff for index in range(length))


def fill(tar):
    """What every format can hold."""
    tar.add("", DIR, mtime=1500000000)
    for name in ("dev", "links", "modes", "contents", "names", "a", "a/b"):
        tar.add(name, DIR)
    for size in (0, 1, 4095, 4096, 4097, 1 << 20, 1000001):
        tar.add(f"contents/of-{size}", data=noise(size, size % 7))
    tar.add("links/one", data=b"three names", uid=1, gid=2)
    tar.add("links/two", HARD, link="links/one")
    tar.add("a/b/three", HARD, link="links/one")
    for length in range(1, 100):
        tar.add(f"links/to-{length}", LINK, link="x" * length, mode=0o777)
    tar.add("links/up", LINK, link="../../../outside", mode=0o777)
    tar.add("links/absolute", LINK, link="/etc/passwd", mode=0o777)
    tar.add("links/again", HARD, link="links/up")
    tar.add("dev/console", CHAR, device=(5, 1), mode=0o600)
    tar.add("dev/zero", CHAR, device=(0, 1))
    tar.add("dev/large", CHAR, device=(4095, 1048575))
    tar.add("dev/mmcblk0p2", BLOCK, device=(179, 2), mode=0o660, gid=6)
    tar.add("dev/nvme", BLOCK, device=(259, 65536))
    tar.add("dev/same", HARD, link="dev/nvme")
    tar.add("dev/fifo", FIFO, mode=0o622, uid=7)
    for mode in (0, 0o4755, 0o2711, 0o1777, 0o7777, 0o400):
        tar.add(f"modes/file-{mode:o}", mode=mode, data=b"m")
        tar.add(f"modes/folder-{mode:o}", DIR, mode=mode)
    tar.add("modes/folder-2711/inside", uid=65535, gid=65535)
    for name in (" blank ", "-dash", "quote\"'\\", "A", "Aa", "aA", "tab\there", "\x01\x7f", "\u00e9t\u00e9", "e\u0301", "\u6f22\u5b57"):
        tar.add(f"names/{name}", data=name.encode())
    tar.add(os.fsdecode(b"names/not utf-8 \xff\xfe"), data=b"latin")


def fill_long(tar):
    """Beyond ustar's limits."""
    for length in (100, 101, 127, 128, 255, 256, 1000, 1023, 1024, 2047, 4094, 4095):
        tar.add(f"links/to-{length}", LINK, link="y" * length, mode=0o777)
    tar.add("names/" + "n" * 255, data=b"long")
    tar.add("names/" + "\u00e9" * 127 + "x", data=b"255 bytes")
    deep = "names"
    for letter in "abc" if change else "abcdefghijklmnopqrst":
        deep += "/" + letter * 200
        tar.add(deep, DIR)
    tar.add(deep + "/end", data=b"beyond 4096 bytes")
    tar.add("names/linked", HARD, link=deep + "/end")
    for number in (65536, 0x7fffffff, 0x80000000, 0xfffffffe):
        tar.add(f"modes/owner-{number}", uid=number, gid=number)


def fill_pax(tar):
    """What only pax can hold: times to the nanosecond, extended attributes, access control lists."""
    for name in ("times", "attributes", "many"):
        tar.add(name, DIR)
    times = ["0", "1.000000001", "1700000000.999999999", "-1", "-1.5", "-2147483648", "2147483648.25", "4294967296", "15032385535"]
    for number, mtime in enumerate(times):
        tar.add(f"times/{number}", mtime="1.000000002" if change == "time" and mtime == "1.000000001" else mtime)
        tar.add(f"times/folder-{number}", DIR, mtime=mtime)
    value = b"a\0b\xff\n" + (b"!" if change == "attribute" else b"")
    tar.xattr("attributes/user", {"user.binary": value, "user.empty": b"", "user.text": b"words"})
    for name in ("large", "same"):
        tar.xattr(f"attributes/{name}", {"user.large": noise(3000, 3)})
    tar.xattr("attributes/many", {f"user.number-{number}": noise(number, number) for number in range(60)})
    tar.xattr("attributes/folder", {"user.d": b"1", "trusted.overlay.opaque": b"y"}, kind=DIR)
    tar.xattr("attributes/link", {"trusted.on-link": b"1"}, kind=LINK, link="user", mode=0o777)
    tar.xattr("attributes/device", {"trusted.on-device": b"1"}, kind=CHAR, device=(1, 3))
    tar.xattr("attributes/selinux", {"security.selinux": b"system_u:object_r:bin_t:s0\0"})
    capability = struct.pack("<IIIII", 0x02000001, 1 << 13, 0, 0, 0)  # linux/capability.h: CAP_NET_RAW, effective
    tar.xattr("attributes/ping", {"security.capability": capability}, data=b"c", mode=0o755)
    tar.add("attributes/acl", mode=0o654, uid=3, gid=4,
            **{"SCHILY.acl.access": "user::rw-,user:1234:r--,group::r--,group:3000000000:r-x,mask::r-x,other::r--"})
    tar.add("attributes/defaults", DIR, mode=0o750,
            **{"SCHILY.acl.default": "user::rwx,group::r-x,group:77:rwx,mask::rwx,other::---"})
    for number in range(10 if change else 50000):
        tar.add(f"many/entry-{number}{'_' * (number % 40)}")
    tar.add("contents/changed", data=b"one" if change == "content" else b"two")
    tar.add("modes/changed", mode=0o640 if change == "mode" else 0o644)
    tar.add("modes/owned", uid=5 if change == "owner" else 6)
    tar.add("links/changed", LINK, link="elsewhere" if change == "link" else "there", mode=0o777)
    tar.add("links/first", data=b"one or two")
    if change == "hard-link":
        tar.add("links/second", data=b"one or two")
    else:
        tar.add("links/second", HARD, link="links/first")
    if change == "name":
        tar.add("names/more")
    tar.add("dev/changed", FIFO if change == "type" else CHAR, device=(1, 3))


def write_sparse(name, *form):
    top = folder / name.removesuffix(".tar")
    top.mkdir()
    with open(top / "middle", "wb") as file:
        for index in range(40):
            file.seek(index * 262144 + 65536)
            file.write(b"data" * 5)
        file.truncate(40 * 262144 + 1000000)
    with open(top / "hole", "wb") as file:
        file.truncate(3000000)
    with open(top / "tail", "wb") as file:
        file.seek(5 << 20)
        file.write(b"end")
    subprocess.run(["tar", "-C", folder, "-S", "--owner=0", "--group=0", "--mtime=@1600000000", *form, "-cf", folder / name, top.name],
                   check=True)


pax = Tar("pax.tar", tarfile.PAX_FORMAT)
pax.add(".", DIR, mode=0o751, uid=8, mtime="1550000000.5", **{"SCHILY.xattr.user.top": "1"})
fill(pax)
fill_long(pax)
fill_pax(pax)
pax.archive.close()
if not change:
    gnu = Tar("gnu.tar", tarfile.GNU_FORMAT)
    fill(gnu)
    fill_long(gnu)
    gnu.archive.close()
    ustar = Tar("ustar.tar", tarfile.USTAR_FORMAT)
    fill(ustar)
    for path in ("p" * 70, "p" * 70 + "/" + "q" * 70, "p" * 70 + "/" + "q" * 70 + "/" + "r" * 70):  # ustar's prefix
        ustar.add(path, DIR)
    ustar.archive.close()
    write_sparse("sparse-gnu.tar", "--format=gnu")
    write_sparse("sparse-pax.tar", "--format=posix", "--sparse-version=1.0")
