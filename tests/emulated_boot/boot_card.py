#!/usr/bin/env python3
"""Composes a card from Debian's artifacts and boots it in the emulated Raspberry Pi 4.

usage: boot_card.py PROGRAM ARTIFACTS WORK CASE
Positive cases are named SCRIPT-OVERLAYS-INITRD (checked|classic, compose|boot, with|without); `console` talks to the card as
a person would; the negative ones are in NEGATIVE, each with what compose says beforehand and what the emulator then shows.
"""
import dataclasses
import hashlib
import io
import json
import os
import pathlib
import re
import select
import subprocess
import sys
import tarfile
import time

CONSOLE = "console=hvc0 clk_ignore_unused"
# Seconds: a boot takes about 50 on two idle cores, several times that where other work shares them.
TIMEOUT = 420


class Card:
    def __init__(self, program, artifacts, work):
        self.program = program
        self.artifacts = artifacts
        self.work = work
        self.image = work / "sdcard.img"
        self.log = work / "serial.log"

    def manifest(self, boot, overlays=("pi4-64-xen",), builtin=False, initrd=True, rootfs=None, guests=(), network=None, files=()):
        base = json.loads((self.artifacts / "manifest.json").read_text())
        artifacts = {kind: str(self.artifacts / name) for kind, name in base["artifacts"].items()}
        if builtin:
            artifacts["kernel"] = str(self.artifacts / "vmlinuz-builtin")
        if not initrd:
            del artifacts["initrd"]
        if rootfs:
            artifacts["rootfs"] = str(rootfs)
        path = self.work / "manifest.json"
        manifest = {"manifest_version": 1, "name": "emulated-boot", "artifacts": artifacts, "overlays": list(overlays), "boot": boot}
        if guests:
            manifest["guests"] = list(guests)
        if network:
            manifest["network"] = network
        if files:
            manifest["files"] = list(files)
        path.write_text(json.dumps(manifest, indent=2))
        return path

    def run(self, *arguments, status=0):
        done = subprocess.run([self.program, *map(str, arguments)], text=True, capture_output=True)
        if done.returncode != status:
            sys.exit(f"{' '.join(map(str, arguments))}: exit status {done.returncode}, expected {status}\n{done.stdout}{done.stderr}")
        return done

    def compose(self, manifest, *options, status=0):
        return self.run("compose", manifest, "-o", self.image, *options, status=status)

    def partition(self, index):
        """Where it starts, in bytes."""
        table = json.loads(subprocess.run(["sfdisk", "--json", self.image], check=True, capture_output=True).stdout)["partitiontable"]
        return table["partitions"][index]["start"] * 512

    def digest(self):
        return hashlib.sha256(self.image.read_bytes()).hexdigest()

    def boot(self, status=0, timeout=TIMEOUT, until="login"):
        before = self.digest()
        result = json.loads(self.run("boot", self.image, "--until", until, "--timeout", timeout, "--log", self.log, "--json",
                                     status=status).stdout)
        print(json.dumps({key: result[key] for key in ("reached", "failed", "cause", "evidence", "seconds", "stages")}, indent=2))
        expect(self.digest() == before, "the image is unchanged")
        expect(result["edits"], "the edits made for the emulator are named")
        return result


def expect(true, what):
    if not true:
        sys.exit(f"not so: {what}")


def positive(card, script, overlays, initrd):
    boot = {"script": script, "apply_overlays": overlays}
    card.compose(card.manifest(boot, builtin=not initrd, initrd=initrd))
    result = card.boot()
    expect(result["ok"] and result["reached"] == "login", "the card boots to dom0's login")
    said = card.log.read_text(errors="replace")
    expect(re.search(r"EXT4-fs \(mmcblk0p2\): mounted filesystem", said), "the root file system is on partition 2")
    expect(("Loading d0 initrd" in said or "Loading ramdisk" in said) == initrd, "Xen loads an initrd exactly when there is one")


def dom0_mem_auto(card):
    """QEMU's raspi4b has the revision code of a board of 2 GiB, though only 960 MiB are to be seen."""
    card.compose(card.manifest({"dom0_mem": "auto"}, builtin=True, initrd=False))
    result = card.boot()
    expect(result["ok"] and result["reached"] == "login", "the card boots to dom0's login")
    said = card.log.read_text(errors="replace")
    expect(re.search(r"rpixen: board revision 0xB03115: dom0_mem=768M", said), "the script chooses by the board's revision code")
    expect("Allocating 1:1 mappings totalling 768MB for dom0" in said, "Xen gives dom0 what the script chose")


def docker_archive(rootfs, path):
    """What `docker save` writes of an image of two layers. The lower one is `rootfs` without an init, with a console that is not dom0's and
    a secret; the upper one gives what is missing and takes the secret away, and all that was in /srv."""
    lower, upper = io.BytesIO(), io.BytesIO()
    with tarfile.open(rootfs) as whole, tarfile.open(fileobj=lower, mode="w") as below, tarfile.open(fileobj=upper, mode="w") as above:
        def add(layer, name, content=b"", **kind):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            for key, value in kind.items():
                setattr(member, key, value)
            layer.addfile(member, io.BytesIO(content))

        inits = {member.name.removeprefix("./"): member for member in whole if member.name.endswith("sbin/init")}
        for member in whole.getmembers():
            name = member.name.removeprefix("./")
            if name in inits or name in ("etc/inittab", "srv"):
                continue
            below.addfile(member, whole.extractfile(member) if member.isfile() else None)
        add(below, "etc/inittab", b"ttyS9::respawn:/sbin/getty -L ttyS9 115200 vt100\n")
        add(below, "etc/secret", b"secret\n")
        add(below, "srv", type=tarfile.DIRTYPE, mode=0o755)
        add(below, "srv/old", b"old\n")
        add(above, "etc/inittab", whole.extractfile("./etc/inittab").read())
        add(above, "etc/.wh.secret")
        add(above, "srv/.wh..wh..opq")
        add(above, "srv/new", b"new\n")
        for member in inits.values():
            above.addfile(member)
    layers = [lower.getvalue(), upper.getvalue()]
    digests = [hashlib.sha256(layer).hexdigest() for layer in layers]
    config = json.dumps({"architecture": "arm64", "os": "linux", "config": {},
                         "rootfs": {"type": "layers", "diff_ids": ["sha256:" + digest for digest in digests]}}).encode()
    name = hashlib.sha256(config).hexdigest() + ".json"
    manifest = [{"Config": name, "RepoTags": ["debian:dom0"], "Layers": [f"{digest}/layer.tar" for digest in digests]}]
    with tarfile.open(path, "w") as archive:
        for member, content in [*((f"{digest}/layer.tar", layer) for digest, layer in zip(digests, layers)), (name, config),
                                ("manifest.json", json.dumps(manifest).encode())]:
            info = tarfile.TarInfo(member)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))


def container_root(card):
    """A container's root file system, as an archive of layers, is dom0's."""
    archive = card.work / "debian.tar"
    docker_archive(card.artifacts / "rootfs.tar", archive)
    card.compose(card.manifest({}, rootfs=archive))
    start = card.partition(1)
    for folder, there, gone in (("/etc", "inittab", "secret"), ("/srv", "new", "old")):
        names = subprocess.run(["debugfs", "-R", f"ls -p {folder}", f"{card.image}?offset={start}"], check=True, text=True,
                               capture_output=True).stdout
        expect(f"/{there}/" in names and f"/{gone}/" not in names and ".wh." not in names, f"{folder} is what the layers make of it: {names}")
    result = card.boot()
    expect(result["ok"] and result["reached"] == "login", "the card boots to dom0's login")
    archive.unlink()


@dataclasses.dataclass
class Negative:
    """What compose (or check) says, and what the emulator shows when its word is not taken."""
    diagnostic: str
    failed: str
    cause: str
    boot: dict
    builtin: bool = True
    initrd: bool = False
    timeout: int = TIMEOUT


NEGATIVE = {
    # The overlay's original 0xf80000 bytes for a kernel of 33 MB: Xen hands over the front half, dom0 stays silent or dies.
    "reg-too-small": Negative("dom0-reg-too-small", "dom0-kernel", "", {}, builtin=False, initrd=True, timeout=120),
    # Bare `fdt resize`, an overlay of 8 KiB: the tree is destroyed by the failed apply.
    "overlay-no-room": Negative("overlay-no-room", "device-tree", "could not apply an overlay",
                                {"script": "classic", "apply_overlays": "boot"}),
    "dom0-mem": Negative("dom0-mem-impossible", "dom0-kernel", "Failed to allocate requested dom0 memory", {"dom0_mem": "8GiB"}),
    # Debian's kernel has the SD controller and ext4 as modules, and they lie on the file system that is to be mounted.
    "no-root-driver": Negative("kernel-lacks-root-driver", "root", "unable to mount root", {"bootargs": f"{CONSOLE} root=/dev/mmcblk0p2"},
                               builtin=False, initrd=False),
    "wrong-root": Negative("root-not-found", "root", "unable to mount root", {"bootargs": f"{CONSOLE} root=/dev/mmcblk0p7"}),
    "wrong-root-initrd": Negative("root-not-found", "root", "unable to mount root",
                                  {"bootargs": f"{CONSOLE} root=/dev/mmcblk0p7 rootwait rootdelay=3"}, builtin=False, initrd=True),
}


def negative(card, pair):
    overlays = ["pi4-64-xen"]
    if pair.diagnostic == "overlay-no-room":
        source = card.work / "large.dts"
        source.write_text('/dts-v1/;\n/plugin/;\n/ { fragment@0 { target-path = "/"; __overlay__ { large { filler = [%s]; }; }; }; };\n'
                          % " ".join(["5a"] * 8192))
        subprocess.run(["dtc", "-q", "-I", "dts", "-O", "dtb", "-o", card.work / "large.dtbo", source], check=True)
        overlays.append("large.dtbo")
    manifest = card.manifest(pair.boot, overlays, builtin=pair.builtin, initrd=pair.initrd)
    options = ["--allow", pair.diagnostic]
    # The composer writes the right size and computes the room, unless it is allowed not to.
    if pair.diagnostic not in ("dom0-reg-too-small", "overlay-no-room"):
        refused = card.compose(manifest, status=5)
        expect(pair.diagnostic in refused.stderr, f"compose refuses for {pair.diagnostic}: {refused.stderr}")
    expect(not card.image.exists(), "nothing is written")
    made = card.compose(manifest, *options)
    expect(pair.diagnostic in made.stdout + made.stderr, f"compose names {pair.diagnostic}: {made.stdout}{made.stderr}")
    fails_as(card, pair)


def fails_as(card, pair):
    result = card.boot(status=5, timeout=pair.timeout)
    expect(not result["ok"] and result["failed"] == pair.failed, f"the boot stops before {pair.failed}")
    expect(pair.cause in result["cause"] + " " + result["evidence"], f"the cause names: {pair.cause}")


def missing_xen(card, script):
    """No manifest makes such a card, so a file is taken out of a good one; `check` must see it."""
    card.compose(card.manifest({"script": script}, builtin=True, initrd=False))
    subprocess.run(["mdel", "-i", f"{card.image}@@{card.partition(0)}", "::xen-raspberrypi4-64"], check=True)
    found = card.run("check", card.image, status=5)
    expect("script-missing-file" in found.stdout + found.stderr, "check names script-missing-file")
    fails_as(card, Negative("script-missing-file", "xen", "xen-raspberrypi4-64", {}))


class Terminal:
    """A person at the terminal of an attended boot."""

    def __init__(self, card):
        self.controller, terminal = os.openpty()
        self.boot = subprocess.Popen([card.program, "boot", str(card.image), "--log", str(card.log)], stdin=terminal, stdout=terminal,
                                     stderr=terminal)
        os.close(terminal)
        self.heard = b""

    def until(self, text, seconds=TIMEOUT):
        """What came before `text`."""
        end = time.monotonic() + seconds
        while text.encode() not in self.heard:
            expect(time.monotonic() < end, f"{text!r} appears; heard last: {self.heard[-800:].decode(errors='replace')}")
            if select.select([self.controller], [], [], 1)[0]:
                self.heard += os.read(self.controller, 65536)
        before, _, self.heard = self.heard.partition(text.encode())
        return before.decode(errors="replace")

    def type_in(self, keys):
        os.write(self.controller, keys.encode())

    def leave(self):
        self.type_in("\x1d")
        while True:
            try:
                if not os.read(self.controller, 65536):
                    break
            except OSError:  # the terminal's other end is closed
                break
        expect(self.boot.wait(30) == 0, "Ctrl-] leaves with exit status 0")


GUEST = """name = "guest"
kernel = "/var/lib/xen/images/Image"
memory = 96
vcpus = 1
extra = "console=hvc0 cma=0 panic=1"
on_reboot = "destroy"
on_crash = "preserve"
"""


def xl_create(card, lacking):
    """A guest is created by xl: on the example's root file system, and on one that lacks what xl needs when it runs."""
    rootfs = card.work / "root.tar"
    gone = ("var/log/xen", "libgcc_s.so.1") if lacking else ()
    with tarfile.open(card.artifacts / "rootfs.tar") as whole, tarfile.open(rootfs, "w") as made:
        for member in whole.getmembers():
            if not member.name.endswith(gone or ("/",)):
                made.addfile(member, whole.extractfile(member) if member.isfile() else None)
    (card.work / "guest.cfg").write_text(GUEST)
    manifest = card.manifest({}, rootfs=rootfs)
    content = json.loads(manifest.read_text())
    content["files"] = [
        {"partition": "root", "source": "guest.cfg", "target": "/etc/xen/guest.cfg"},
        {"partition": "root", "source": str(card.artifacts / "vmlinuz"), "target": "/var/lib/xen/images/Image"}]
    manifest.write_text(json.dumps(content))
    card.compose(manifest)
    found = card.run("check", card.image)
    expect(("xl-runtime-missing" in found.stdout) == lacking, f"check names xl-runtime-missing exactly where it is so: {found.stdout}")
    terminal = Terminal(card)
    terminal.until("login:")
    terminal.type_in("root\r")
    terminal.until("# ")
    terminal.type_in("xl create /etc/xen/guest.cfg; echo ended with $(($? + 0)).\r")
    said = terminal.until("ended with $((")  # what was typed
    said = terminal.until("ended with ")
    status = terminal.until(".")
    if lacking:
        expect(status == "134" and "libgcc_s.so.1 must be installed" in said, f"xl create aborts: {status}: {said}")
    else:
        expect(status == "0", f"xl create does its work: {status}: {said}")
        terminal.until("# ")
        terminal.type_in("xl list guest\r")
        terminal.until("guest  ")
    terminal.leave()
    rootfs.unlink()


def guest(card, name, start, **more):
    """A small guest with dom0's kernel and the example's initrd, which reads its disk, pings and asks for a login."""
    console = "ttyAMA0" if start == "xen" else "hvc0"
    arguments = f"console={console} cma=0 guest.name={name}"
    for word in ("address", "ping"):
        if word in more:
            arguments += f" guest.{word}={more.pop(word)}"
    return {"name": name, "start": start, "kernel": "dom0", "initrd": str(card.artifacts / "guest.img"), "bootargs": arguments,
            "memory": "96MiB", **more}


def dom0less(card, overlays="compose", script="checked"):
    """Xen starts a guest beside dom0, from dom0's own Image and an initrd of its own."""
    card.compose(card.manifest({"dom0_mem": "384MiB", "apply_overlays": overlays, "script": script},
                               guests=[guest(card, "web", "xen", pv="on")]))
    found = card.run("check", card.image).stdout
    expect("0 errors" in found, f"check finds no fault: {found}")
    result = card.boot(until="guest-login:web")
    expect(result["ok"] and result["reached"] == "guest-login:web", "the guest asks for a login")
    expect([stage["stage"] for stage in result["stages"]][-1] == "guest-login:web", "the stages end with it")
    said = card.log.read_text(errors="replace")
    expect(re.search(r"LOADING DOMU cpus=1 memory=(18000|0x18000)KB", said), "Xen gives the guest its 96 MiB")
    expect("*** LOADING DOMAIN 0 ***" in said, "dom0 is there too")


def xl_guests(card):
    """xl starts two guests with dom0: one reads what our own writer put onto its disk, and they see each other over dom0's bridge."""
    # An uplink that leads nowhere: the emulated board has no network.
    uplink = card.work / "uplink"
    uplink.write_text("#!/bin/sh\nmodprobe tun\nip tuntap add dev tap0 mode tap\n")
    files = [{"partition": "root", "source": str(uplink), "target": "/etc/init.d/S30uplink", "mode": "0755"}]
    card.compose(card.manifest({"dom0_mem": "384MiB"}, network={"bridge": "xenbr0", "uplink": "tap0"}, files=files,
                               guests=[guest(card, "a", "xl", disk=str(card.artifacts / "guest-disk"), address="10.0.0.1"),
                                       guest(card, "b", "xl", address="10.0.0.2", ping="10.0.0.1")]))
    result = card.boot(until="guest-login:b", timeout=2 * TIMEOUT)
    expect(result["ok"], "the guest asks for a login")
    # What the guests say, without the ends of lines: a slow console may stop in the middle of a word.
    said = re.sub(r"[\r\n]+\([ab]\) ", "", card.log.read_text(errors="replace"))
    expect("guest a read from its disk: hello from an ext4 that rpixen-img made" in said, "the one read its disk")
    expect("guest b had an answer of 10.0.0.1" in said, "the other had its answer")


def guest_memory(card):
    """More than the board has: Xen panics as was said."""
    guests = [guest(card, "web", "xen", memory="700MiB")]
    card.compose(card.manifest({"dom0_mem": "384MiB"}, guests=guests))
    found = card.run("check", card.image).stdout
    expect("guest-memory-excludes-boards" in found, f"check names guest-memory-excludes-boards: {found}")
    fails_as(card, Negative("guest-memory-excludes-boards", "dom0-kernel", "", {}))


def guest_owns_module(card):
    """A guest's node before dom0's, from Xen 4.18 on: no manifest makes such a card, so its tree is turned round."""
    card.compose(card.manifest({"dom0_mem": "384MiB"}, guests=[guest(card, "web", "xen", pv="on")]))
    name, at = "bcm2711-rpi-4-b.dtb", f"{card.image}@@{card.partition(0)}"
    tree = card.work / name
    subprocess.run(["mcopy", "-o", "-i", at, f"::{name}", tree], check=True)
    # libfdt puts the newest node first.
    node, values = "/chosen/domU0", [("compatible", "-ts", ["xen,domain"]), ("memory", "-tx", ["0", "10000"]), ("cpus", "-tx", ["1"]),
                                     ("#address-cells", "-tx", ["1"]), ("#size-cells", "-tx", ["1"]), ("xen,enhanced", "-ts", ["enabled"])]
    subprocess.run(["fdtput", "-p", "-c", tree, node, f"{node}/module@480000"], check=True)
    for key, kind, words in values:
        subprocess.run(["fdtput", kind, tree, node, key, *words], check=True)
    reg = subprocess.run(["fdtget", "-tx", tree, "/chosen/dom0", "reg"], check=True, text=True, capture_output=True).stdout.split()
    subprocess.run(["fdtput", "-ts", tree, f"{node}/module@480000", "compatible", "multiboot,kernel", "multiboot,module"], check=True)
    subprocess.run(["fdtput", "-tx", tree, f"{node}/module@480000", "reg", *reg], check=True)
    subprocess.run(["mcopy", "-o", "-i", at, tree, f"::{name}"], check=True)
    found = card.run("check", card.image, status=5).stdout
    expect("guest-owns-dom0-module" in found, f"check names guest-owns-dom0-module: {found}")
    fails_as(card, Negative("guest-owns-dom0-module", "dom0-kernel", "", {}))


def guest_kernel_missing(card):
    """A guest's file is taken out of a good card: the script says so, and check does."""
    one = guest(card, "web", "xen")
    one["kernel"] = str(card.artifacts / "vmlinuz")
    card.compose(card.manifest({"dom0_mem": "384MiB"}, guests=[one]))
    subprocess.run(["mdel", "-i", f"{card.image}@@{card.partition(0)}", "::guests/web/Image"], check=True)
    found = card.run("check", card.image, status=5)
    expect("script-missing-file" in found.stdout + found.stderr, "check names script-missing-file")
    fails_as(card, Negative("script-missing-file", "dom0-kernel", "guests/web/Image", {}))


GUESTS = {"dom0less": dom0less, "dom0less-at-boot": lambda card: dom0less(card, "boot"),
          "dom0less-classic": lambda card: dom0less(card, "boot", "classic"), "xl-guests": xl_guests,
          "guest-memory": guest_memory, "guest-owns-module": guest_owns_module, "guest-kernel-missing": guest_kernel_missing}


def console(card):
    """As a person at the terminal: through U-Boot's countdown, into dom0, over to Xen and back, and away with Ctrl-]."""
    card.compose(card.manifest({}, builtin=False))
    terminal = Terminal(card)
    until, type_in = terminal.until, terminal.type_in
    until("Hit any key to stop autoboot")
    type_in(" ")
    until("U-Boot>")
    type_in("printenv fdt_addr\r")
    until("fdt_addr=")
    until("U-Boot>")
    type_in("boot\r")
    expect("rpixen-img: note" not in until("login:"), "no note stands in the middle of the serial line")
    type_in("root\r")
    until("# ")
    type_in("xl list\r")
    until("Domain-0")
    until("# ")
    type_in("xl info | grep xen_version\r")
    until("xen_version            :")
    until("# ")
    type_in("\x01\x01\x01")
    until("Serial input to Xen")
    type_in("h")
    until("installed handlers")
    type_in("t")
    until("Synced stime skew")
    type_in("e")
    until("dumping event-channel info")
    type_in("\x01\x01\x01")
    until("Serial input to DOM0")
    type_in("echo $((6 * 7)) again\r")
    until("42 again")
    terminal.leave()


def main():
    program, artifacts, work, case = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3]), sys.argv[4]
    work.mkdir(parents=True, exist_ok=True)
    for name in ("sdcard.img", "serial.log"):
        (work / name).unlink(missing_ok=True)
    card = Card(program, artifacts, work)
    if case == "console":
        console(card)
    elif case == "dom0-mem-auto":
        dom0_mem_auto(card)
    elif case == "container-root":
        container_root(card)
    elif case.startswith("xl-create"):
        xl_create(card, lacking=case == "xl-create-lacking")
    elif case in GUESTS:
        GUESTS[case](card)
    elif case.startswith("missing-xen-"):
        missing_xen(card, case.removeprefix("missing-xen-"))
    elif case in NEGATIVE:
        negative(card, NEGATIVE[case])
    else:
        script, overlays, initrd = case.split("-")
        positive(card, script, overlays, initrd == "with")
    card.image.unlink()


if __name__ == "__main__":
    main()
