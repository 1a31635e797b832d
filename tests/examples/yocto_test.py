"""The Python and shell parts of examples/yocto/rpixen-img.bbclass, run on a made deploy folder, as bitbake would: its variables are
expanded, its functions called in order, the shell with `set -e`. usage: yocto_test.py PROGRAM WRITE_KIT CLASS FOLDER"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

program, write_kit, bbclass, folder = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3]), pathlib.Path(sys.argv[4])
text = bbclass.read_text()
# Old names, "VAR_append" and the like, are errors for bitbake; so is a line in a function that bitbake would take for its end.
defaults = dict(re.findall(r'^([A-Z_]+) \??\+?= "(.*)"$', text, re.M))
shell = dict(re.findall(r"^(do_\w+) \(\) \{\n(.*?)^\}$", text, re.M | re.S))
python = dict(re.findall(r"^python (\w+) \(\) \{\n(.*?)^\}$", text, re.M | re.S))
library = "".join(re.findall(r"^def .*?\n(?=^\S|\Z)", text, re.M | re.S))
flags = dict(re.findall(r'^(do_rpixen\[\w+\]) \+?= "(.*)"$', text, re.M))
assert set(shell) == {"do_rpixen"} and set(python) == {"rpixen_write_matrix"} and "addtask rpixen after do_image_tar before do_image_complete" in text


class Fatal(Exception):
    pass


class bb:
    @staticmethod
    def fatal(message):
        raise Fatal(message)


class Data:
    """bitbake's `d`: variables, expanded when they are read."""

    def __init__(self, **values):
        self.values = {**defaults, **values}

    def expand(self, value):
        # A variable that is not set stays as it is written, and the shell then expands it to nothing.
        return re.sub(r"\$\{([A-Z_]+)\}", lambda match: self.expand(self.values[match[1]]) if match[1] in self.values else match[0], value)

    def getVar(self, name):
        return self.expand(self.values[name]) if name in self.values else None


def run(**values):
    work = folder / "work"
    shutil.rmtree(work, ignore_errors=True)
    (work / "deploy-image").mkdir(parents=True)
    d = Data(WORKDIR=str(work), DEPLOY_DIR_IMAGE=str(folder / "deploy"), IMGDEPLOYDIR=str(work / "deploy-image"),
             IMAGE_LINK_NAME="xen-image-raspberrypi4-64", REPRODUCIBLE_TIMESTAMP_ROOTFS="1700000000", **values)
    shutil.copy(folder / "root.tar", work / f"deploy-image/xen-image-raspberrypi4-64.{d.getVar('RPIXEN_ROOTFS_TYPE')}")
    pathlib.Path(d.expand(flags["do_rpixen[cleandirs]"])).mkdir()
    names = {"d": d, "bb": bb}
    exec(library, names)
    for function in flags["do_rpixen[prefuncs]"].split():
        exec("def task(d):\n" + python[function], names)
        names["task"](d)
    done = subprocess.run(["sh", "-e", "-c", d.expand(shell["do_rpixen"])], capture_output=True, text=True,
                          env={"PATH": f"{pathlib.Path(program).parent}:{os.environ['PATH']}"})
    return done, work / "deploy-image"


shutil.rmtree(folder, ignore_errors=True)
folder.mkdir(parents=True)
folder = folder.resolve()
subprocess.run([write_kit, folder / "deploy"], check=True)
(folder / "deploy/rootfs.tar").rename(folder / "root.tar")
(folder / "deploy/manifest.json").unlink()
# As meta-raspberrypi and meta-virtualization call them; the kernel has a link, as everything has that is deployed.
for name, link in (("xen", "xen-raspberrypi4-64"), ("Image", "Image-1-6.6.22-raspberrypi4-64.bin"), ("firmware", "bootfiles")):
    (folder / "deploy" / name).rename(folder / "deploy" / link)
(folder / "deploy/Image").symlink_to("Image-1-6.6.22-raspberrypi4-64.bin")


def expect(condition, done, what):
    if not condition:
        sys.exit(f"not so: {what}: {done.returncode}: {done.stdout}{done.stderr}")
    print(what)


done, out = run()
expect(done.returncode == 0 and (out / "xen-image-raspberrypi4-64.img").exists(), done, "an image of a deploy folder without a root file system")
report = json.loads((out / "xen-image-raspberrypi4-64.json").read_text())
expect(subprocess.run([program, "verify", out / "xen-image-raspberrypi4-64.img", "--report", out / "xen-image-raspberrypi4-64.json", "--quiet"]).returncode == 0,
       done, "it holds what its report says")
first = (out / "xen-image-raspberrypi4-64.img").read_bytes()
done, out = run()
expect((out / "xen-image-raspberrypi4-64.img").read_bytes() == first, done, "the same bytes again")
done, out = run(RPIXEN_SET='{"/boot/dom0_mem": "256MiB"}', RPIXEN_AXES='{"free": {"at": "/image/root_partition/free", "values": ["8MiB", "16MiB"]}}')
expect(done.returncode == 0 and sorted(path.name for path in out.glob("*.img")) == [f"xen-image-raspberrypi4-64-{size}MiB.img" for size in (16, 8)],
       done, "RPIXEN_SET and two variants of RPIXEN_AXES")
expect(b"dom0_mem=256M" in (out / "xen-image-raspberrypi4-64-8MiB.img").read_bytes(), done, "RPIXEN_SET reaches the card")
kit_manifest = {"manifest_version": 1, "artifacts": {"xen": "deploy/xen-raspberrypi4-64", "kernel": "deploy/Image", "dtb": "deploy/bcm2711-rpi-4-b.dtb",
                                                     "uboot": "deploy/u-boot.bin", "rootfs": "none"}, "name": "own"}
(folder / "own.json").write_text(json.dumps(kit_manifest))
done, out = run(RPIXEN_MANIFEST=str(folder / "own.json"))
expect(done.returncode == 0 and not (out.parent / "rpixen/found.json").exists(), done, "a manifest of one's own")
try:
    run(RPIXEN_SET="[1]")
    sys.exit("RPIXEN_SET that is no object was taken")
except Fatal as error:
    print("bb.fatal:", error)
(folder / "deploy/xen-raspberrypi4-64").unlink()
done, out = run()
expect(done.returncode == 3 and "xen" in done.stderr and not list(out.glob("*.img")), done, "a part that nobody deployed ends the task, and is named")
