"""examples/build-tools with make and Ninja, the command of examples/bazel in a folder of links, and the files of examples/ci.
usage: engines_test.py PROGRAM WRITE_KIT EXAMPLES FOLDER"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

program, write_kit, examples, folder = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3]), pathlib.Path(sys.argv[4])
shutil.rmtree(folder, ignore_errors=True)
folder.mkdir(parents=True)
folder = folder.resolve()
os.chdir(folder)
# Every run of the program leaves a line.
counted = folder / "counted"
counted.write_text(f'#!/bin/sh\necho "$1" >> {folder}/runs\nexec "{program}" "$@"\n')
counted.chmod(0o755)
environment = {**os.environ, "RPIXEN_IMG": str(counted)}
for variable in ("MAKEFLAGS", "MAKELEVEL"):
    environment.pop(variable, None)


def expect(condition, what):
    if not condition:
        sys.exit(f"not so: {what}")
    print(what)


def composed(*words):
    """Runs it and says how many cards were composed."""
    (folder / "runs").write_text("")
    done = subprocess.run([*words], env=environment, text=True, capture_output=True)
    if done.returncode != 0:
        sys.exit(f"{words}: {done.returncode}: {done.stdout}{done.stderr}")
    return (folder / "runs").read_text().split().count("compose")


subprocess.run([write_kit, "kit"], check=True)
shutil.copy("kit/bcm2711-rpi-4-b.dtb", "kit/second.dtb")
pathlib.Path("kit/matrix.json").write_text(json.dumps({"matrix_version": 1, "manifest": "manifest.json", "axes": {
    "mem": {"at": "/boot/dom0_mem", "values": ["512MiB", "256MiB"]},
    "b": {"values": [{"name": "one", "set": {}}, {"name": "two", "set": {"/artifacts/dtb": "second.dtb"}}]}}}))


def change_second_tree():
    source = subprocess.run(["dtc", "-q", "-I", "dtb", "-O", "dts", "kit/second.dtb"], check=True, capture_output=True, text=True).stdout
    subprocess.run(["dtc", "-q", "-I", "dts", "-O", "dtb", "-o", "kit/second.dtb"], check=True, text=True,
                   input=source.replace("/ {", f"/ {{\n\tchange-{len(source)} = <1>;", 1))


make = ["make", "-f", examples / "build-tools/Makefile", "MATRIX=kit/matrix.json", f"RPIXEN_IMG={counted}"]
expect(composed(*make) == 4, "make: four cards")
expect(composed(*make) == 0, "make: nothing again")
change_second_tree()
expect(composed(*make) == 2, "make: a changed device tree, its two cards")
expect(len(list(pathlib.Path("results").glob("*/card.img"))) == 6, "make: the older two are still there")
composed(*make, "prune")
expect(len(list(pathlib.Path("results").glob("*/card.img"))) == 4, "make prune: they are gone")

rules = subprocess.run([examples / "build-tools/write-ninja", "tasks", "images"], env=environment, check=True, capture_output=True, text=True).stdout
pathlib.Path("build.ninja").write_text(rules)
expect(composed("ninja") == 4, "Ninja: four cards")
expect(composed("ninja") == 0, "Ninja: nothing again")
change_second_tree()
expect(composed("ninja") == 2, "Ninja: a changed device tree, its two cards")

# Bazel's sandbox: an empty folder with links to the inputs, and the command of the genrule with its labels put in.
text = (examples / "bazel/BUILD.bazel").read_text()
command = "".join(json.loads(part) for part in re.findall(r'"(?:[^"\\]|\\.)*"', re.search(r"cmd = (.*?),\n    tools", text, re.S)[1]))
command = re.sub(r"\$\(location :?([^)]*)\)", lambda match: program if match[1] == "rpixen-img" else match[1], command)
for name, links in (("files", False), ("links", True)):
    os.makedirs(f"{name}/inputs")
    for path in (path for path in pathlib.Path("kit").rglob("*") if path.is_file()):
        target = pathlib.Path(name, "inputs", path.relative_to("kit"))
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(path.resolve()) if links else shutil.copy(path, target)
    manifest = json.loads(pathlib.Path("kit/manifest.json").read_text())
    manifest["artifacts"] = {key: "inputs/" + value for key, value in manifest["artifacts"].items()}
    pathlib.Path(name, "manifest.json").write_text(json.dumps(manifest))
    subprocess.run(["sh", "-c", command], cwd=name, check=True, env={"PATH": "/usr/bin:/bin"})
expect(pathlib.Path("files/card.img").read_bytes() == pathlib.Path("links/card.img").read_bytes(), "Bazel's command: the same bytes from links as from files")

import yaml  # noqa: E402  Debian's python3-yaml

github = yaml.safe_load((examples / "ci/github.yml").read_text())
expect(github["jobs"]["card"]["strategy"]["matrix"]["include"].startswith("${{ fromJSON("), "GitHub: YAML, and a matrix of the tasks")
gitlab = yaml.safe_load((examples / "ci/gitlab.yml").read_text())
script = gitlab["tasks"]["script"][1]
done = subprocess.run(["bash", "-e", "-c", script], check=True, text=True, capture_output=True)
jobs = yaml.safe_load(pathlib.Path("cards.yml").read_text())
cards = {name: job for name, job in jobs.items() if name != "default"}
expect(len(cards) == 4 and all(job["retry"]["exit_codes"] == [6] and len(job["variables"]["KEY"]) == 64 for job in cards.values()),
       "GitLab: YAML, and a pipeline of four jobs that the script makes")
