#!/usr/bin/env python3
"""Holds a card image against its manifest's artifacts, read back with the tools of the field.

usage: read_back.py PROGRAM MANIFEST IMAGE WORK

e2fsck and fsck.fat find nothing; the tree that debugfs sees is the tars' tree as Python's tarfile reads it: names, types, modes,
owners, times to the nanosecond, extended attributes, links and content; mtools gives the boot files back byte for byte; dumpimage
accepts boot.scr and mkimage makes the same one; the device tree has one dom0 module, at the planned place, of the Image's size.
Every difference is printed; the exit status is 1 if there is any.
"""
import collections
import decimal
import hashlib
import json
import os
import pathlib
import re
import struct
import subprocess
import sys
import tarfile

differences = []


def differ(what):
    differences.append(what)


def run(*command, status=0, **options):
    environment = dict(os.environ, PATH=os.environ["PATH"] + ":/usr/sbin:/sbin", LC_ALL="C")
    done = subprocess.run([str(word) for word in command], capture_output=True, env=environment, check=False, **options)
    if done.returncode != status:
        text = (done.stdout + done.stderr).decode(errors="replace")
        sys.exit(f"{' '.join(map(str, command))}: exit status {done.returncode}\n{text}")
    return done.stdout


# --- what the tars say -------------------------------------------------------------------------------------------------------------

def plain_acl(value):
    """linux/posix_acl_xattr.h, version 2; only entries for a named user or group have a number that says something."""
    return sorted((tag, bits, number if tag in (2, 8) else 0) for tag, bits, number in struct.iter_unpack("<HHI", value[4:]))


def acl_of(text):
    """The same from the text form with numeric owners."""
    tags = {"user": 1, "group": 4, "mask": 0x10, "other": 0x20}
    entries = []
    for entry in re.split(r"[,\n]", text.strip()):
        kind, name, rights = entry.split(":")[:3]
        tag = tags[kind] * (2 if name and kind == "user" else 2 if name else 1)
        bits = sum(bit for bit, letter in ((4, "r"), (2, "w"), (1, "x")) if letter in rights)
        entries.append((tag, bits, int(name) if name else 0))
    return sorted(entries)


def digest(stream):
    sha = hashlib.sha256()
    while part := stream.read(1 << 20):
        sha.update(part)
    return sha.hexdigest()


TYPES = {tarfile.DIRTYPE: "directory", tarfile.SYMTYPE: "symlink", tarfile.CHRTYPE: "character special",
         tarfile.BLKTYPE: "block special", tarfile.FIFOTYPE: "FIFO"}


def node_of(archive, member):
    pax = member.pax_headers
    mtime = decimal.Decimal(pax["mtime"]) if "mtime" in pax else decimal.Decimal(int(member.mtime))
    node = {"type": TYPES.get(member.type, "regular"), "mode": member.mode & 0o7777, "uid": member.uid, "gid": member.gid,
            "mtime": int((mtime * 10**9).to_integral_value(decimal.ROUND_FLOOR)), "xattrs": {}}
    for key, value in pax.items():
        if key.startswith("SCHILY.xattr."):
            node["xattrs"][key.removeprefix("SCHILY.xattr.")] = value.encode("utf-8", "surrogateescape")
        elif key in ("SCHILY.acl.access", "SCHILY.acl.default"):
            node["xattrs"]["system.posix_acl_" + key.removeprefix("SCHILY.acl.")] = acl_of(value)
    if node["type"] == "symlink":
        node["target"] = os.fsencode(member.linkname)
    elif node["type"].endswith("special"):
        node["device"] = (member.devmajor, member.devminor)
    elif node["type"] == "regular":
        node["size"] = member.size
        node["content"] = digest(archive.extractfile(member))
    return node


def tree_of_tars(paths):
    """Paths to nodes; names of one file share one node."""
    tree = {}
    for path in paths:
        packed = {".zst": "zstd", ".lz4": "lz4"}.get(path.suffix)
        plain = subprocess.Popen([packed, "-dcq", path], stdout=subprocess.PIPE).stdout if packed else None
        with tarfile.open(path if not plain else None, mode="r|" if plain else "r", fileobj=plain, encoding="utf-8",
                          errors="surrogateescape") as archive:
            for member in archive:
                name = "/" + os.fsencode(os.path.normpath(member.name)).decode("latin-1").lstrip("/")
                name = "/" if name == "/." else name
                if member.type == tarfile.LNKTYPE:
                    target = os.fsencode(os.path.normpath(member.linkname)).decode("latin-1")
                    tree[name] = tree["/" + target]
                else:
                    tree[name] = node_of(archive, member)
    names = collections.Counter(id(node) for node in tree.values())
    for node in tree.values():
        node["links"] = names[id(node)]
    for path, node in tree.items():
        if node["type"] == "directory":
            node["links"] = 2
    for path, node in tree.items():
        if node["type"] == "directory" and path != "/":
            tree[os.path.dirname(path)]["links"] += 1
    return tree


# --- what debugfs sees -------------------------------------------------------------------------------------------------------------

class Ext4:
    def __init__(self, image, work):
        self.image = image
        self.work = work
        self.counter = 0

    def ask(self, requests):
        """The answer to each request, as bytes."""
        script = self.work / "requests"
        script.write_text("".join(request + "\n" for request in requests))
        said = run("debugfs", "-f", script, self.image)
        answers = []
        at = 0
        for index, request in enumerate(requests):
            begin = said.index(f"debugfs: {request}\n".encode(), at) + len(request) + len("debugfs: \n")
            at = said.index(f"debugfs: {requests[index + 1]}\n".encode(), begin) if index + 1 < len(requests) else len(said)
            answers.append(said[begin:at])
        return answers

    def dump(self, requests):
        """What each request, with {} for its output file, writes."""
        files = []
        for _ in requests:
            self.counter += 1
            files.append(self.work / f"dump-{self.counter}")
        self.ask([request.format(file) for request, file in zip(requests, files)])
        return files

    def names(self):
        """Paths to inode numbers."""
        paths = {"/": 2}
        level = [("", 2)]
        while level:
            answers = self.ask([f"ls -p <{inode}>" for _, inode in level])
            deeper = []
            for (path, _), answer in zip(level, answers):
                for line in answer.decode("latin-1").split("\n"):
                    if not line:
                        continue
                    _, inode, mode, _, _, name, *_ = line.split("/")
                    if name in (".", "..") or inode == "0":
                        continue
                    paths[f"{path}/{name}"] = int(inode)
                    if int(mode, 8) >> 12 == 4:
                        deeper.append((f"{path}/{name}", int(inode)))
            level = deeper
        return paths

    def nodes(self, inodes):
        answers = self.ask([f"stat <{inode}>" for inode in inodes])
        nodes = {inode: self.node(answer.decode("latin-1")) for inode, answer in zip(inodes, answers)}
        wanted = [(inode, name) for inode, node in nodes.items() for name in node["xattrs"]]
        for (inode, name), file in zip(wanted, self.dump([f"ea_get -f {{}} <{inode}> {name}" for inode, name in wanted])):
            value = file.read_bytes()
            nodes[inode]["xattrs"][name] = plain_acl(value) if name.startswith("system.posix_acl_") else value
            file.unlink(missing_ok=True)
        long_links = [inode for inode, node in nodes.items() if node["type"] == "symlink" and "target" not in node]
        for inode, file in zip(long_links, self.dump([f"dump <{inode}> {{}}" for inode in long_links])):
            nodes[inode]["target"] = file.read_bytes()
            file.unlink()
        files = [inode for inode, node in nodes.items() if node["type"] == "regular"]
        for first in range(0, len(files), 500):  # not all the content at once
            part = [inode for inode in files[first:first + 500] if nodes[inode]["size"]]
            for inode, file in zip(part, self.dump([f"dump <{inode}> {{}}" for inode in part])):
                with open(file, "rb") as stream:
                    nodes[inode]["content"] = digest(stream)
                file.unlink()
        for inode in files:
            nodes[inode].setdefault("content", hashlib.sha256().hexdigest())
        return nodes

    @staticmethod
    def node(text):
        def field(pattern):
            found = re.search(pattern, text)
            if not found:
                sys.exit(f"debugfs says nothing of {pattern} in\n{text}")
            return found.group(1)

        seconds, extra = (int(part, 16) for part in field(r"\n *mtime: 0x([0-9a-f]+:[0-9a-f]+)").split(":"))
        seconds -= (seconds & 0x80000000) << 1  # ext4.h, ext4_decode_extra_time
        node = {"type": field(r"Type: (.+?) +Mode:"), "mode": int(field(r"Mode: +(\d+)"), 8),
                "uid": int(field(r"User: +(-?\d+)")) & 0xffffffff, "gid": int(field(r"Group: +(-?\d+)")) & 0xffffffff,
                "mtime": (seconds + ((extra & 3) << 32)) * 10**9 + (extra >> 2), "links": int(field(r"Links: (\d+)")), "xattrs": {}}
        attributes = re.search(r"\nExtended attributes:\n((?:  .*\n)+)", text)
        for name in re.findall(r"^  (\S+) \(\d+\)", attributes.group(1) if attributes else "", re.MULTILINE):
            node["xattrs"][name] = b""
        if node["type"] == "symlink" and (fast := re.search(r'Fast link dest: "(.*)"\n', text, re.DOTALL)):
            node["target"] = fast.group(1).encode("latin-1")
        if node["type"].endswith("special"):
            node["device"] = tuple(int(part) for part in field(r"Device major/minor number: (\d+:\d+)").split(":"))
        if node["type"] == "regular":
            node["size"] = int(field(r"Size: (\d+)"))
        return node


def compare_trees(wanted, image, work):
    disk = Ext4(image, work)
    names = disk.names()
    nodes = disk.nodes(sorted(set(names.values())))
    if "/lost+found" not in wanted:  # every ext4 has it
        wanted["/"]["links"] += 1
        lost = nodes[names.pop("/lost+found")]
        if (lost["type"], lost["mode"], lost["uid"]) != ("directory", 0o700, 0):
            differ(f"/lost+found: {lost}")
    for path in sorted(wanted.keys() - names.keys()):
        differ(f"{path}: not on the card")
    for path in sorted(names.keys() - wanted.keys()):
        differ(f"{path}: on the card, but in no tar")
    inode_of_node = {}
    for path in sorted(wanted.keys() & names.keys()):
        expected, found = wanted[path], nodes[names[path]]
        for key in sorted(expected.keys() | found.keys()):
            if expected.get(key) != found.get(key):
                differ(f"{path}: {key} is {found.get(key)!r}, in the tar {expected.get(key)!r}")
        if inode_of_node.setdefault(id(expected), names[path]) != names[path]:
            differ(f"{path}: not the same file as its other names")
    print(f"{len(wanted)} names in the tars, {len(names)} on the card")


# --- the boot partition ------------------------------------------------------------------------------------------------------------

def compare_boot_files(program, manifest_path, manifest, fat, work):
    folder = manifest_path.parent
    artifacts = manifest["artifacts"]

    def path_of(artifact):
        return folder / (artifact["path"] if isinstance(artifact, dict) else artifact)

    listed = run("mdir", "-/", "-b", "-i", fat, "::").decode().split("\n")
    found = {line.removeprefix("::/") for line in listed if line and not line.endswith("/")}
    inputs = {"u-boot.bin": path_of(artifacts["uboot"]), "xen-raspberrypi4-64": path_of(artifacts["xen"]),
              "Image": path_of(artifacts["kernel"])}
    if "initrd" in artifacts:
        inputs["initrd.img"] = path_of(artifacts["initrd"])
    if "firmware" in artifacts:
        top = path_of(artifacts["firmware"])
        inputs |= {str(file.relative_to(top)): file for file in top.rglob("*") if file.is_file()}
    made = {"config.txt", "boot.scr", "bcm2711-rpi-4-b.dtb", "overlays/pi4-64-xen.dtbo"}
    for name in sorted(found ^ (inputs.keys() | made)):
        differ(f"{name}: {'on' if name in found else 'not on'} the boot partition")

    def read(name):
        copy = work / "copy"
        run("mcopy", "-n", "-o", "-i", fat, "::" + name, copy)
        return copy.read_bytes()

    for name, source in inputs.items():
        if name in found and read(name) != source.read_bytes():
            differ(f"{name}: other bytes than {source}")

    script = work / "boot.scr"
    script.write_bytes(read("boot.scr"))
    if b"Script" not in run("dumpimage", "-l", script):
        differ("boot.scr: no script to dumpimage")
    content = script.read_bytes()
    (work / "boot.cmd").write_bytes(content[72:])
    stamp = struct.unpack(">I", content[8:12])[0]
    os.environ["SOURCE_DATE_EPOCH"] = str(stamp)
    run("mkimage", "-A", "arm64", "-T", "script", "-C", "none", "-n", content[32:64].rstrip(b"\0").decode(), "-d", work / "boot.cmd",
        work / "made.scr")
    if (work / "made.scr").read_bytes() != content:
        differ("boot.scr: not what mkimage makes of the same text")

    tree = work / "card.dtb"
    tree.write_bytes(read("bcm2711-rpi-4-b.dtb"))
    source = run("dtc", "-q", "-I", "dtb", "-O", "dts", tree).decode()
    if source.count('"xen,linux-zimage"') + source.count('"xen,linux-zimage\\0') != 1:
        differ("device tree: not one dom0 module")
    plan = json.loads(run(program, "plan", "--json", manifest_path))
    place = next(region["begin"] for region in plan["memory"] if region["name"] == "dom0 kernel")
    begin, size = (int(cell) for cell in run("fdtget", "-t", "u", tree, "/chosen/dom0", "reg").split())
    if (begin, size) != (place, len(read("Image"))):
        differ(f"device tree: dom0 at {begin:#x}, {size} bytes; planned at {place:#x}, Image of {len(read('Image'))} bytes")
    if f"{place:#x} Image" not in content.decode("latin-1"):
        differ(f"boot.scr: Image is not loaded to {place:#x}")


def main():
    program, manifest_path, image, work = (pathlib.Path(argument).absolute() for argument in sys.argv[1:])
    work.mkdir(parents=True, exist_ok=True)
    manifest = json.loads(manifest_path.read_text())
    table = json.loads(run("sfdisk", "--json", image))["partitiontable"]["partitions"]
    parts = []
    for index, partition in enumerate(table):
        part = work / f"partition-{index + 1}"
        run("dd", f"if={image}", f"of={part}", "bs=1M", "conv=sparse", "iflag=skip_bytes,count_bytes", f"skip={partition['start'] * 512}",
            f"count={partition['size'] * 512}")
        parts.append(part)
    run("sfdisk", "--verify", image)
    run("fsck.fat", "-n", parts[0])
    run("e2fsck", "-fn", parts[1])
    roots = manifest["artifacts"]["rootfs"]
    tars = [manifest_path.parent / (root["path"] if isinstance(root, dict) else root) for root in (roots if isinstance(roots, list) else [roots])]
    compare_trees(tree_of_tars(tars), parts[1], work)
    compare_boot_files(program, manifest_path, manifest, parts[0], work)
    for part in parts:
        part.unlink()
    if differences:
        print(f"differences: {len(differences)}")
        print("\n".join(differences[:40]))
        sys.exit(1)


if __name__ == "__main__":
    main()
