"""Manual pages and completions say what the program says. usage: pages_test.py PROGRAM PAGES FOLDER"""
import json
import pathlib
import re
import subprocess
import sys

program, pages, folder = sys.argv[1:]
subprocess.run([sys.executable, pages, program, folder], check=True)
folder = pathlib.Path(folder)


def said(*words):
    return subprocess.run([program, *words], check=True, text=True, capture_output=True).stdout


def expect(true, what):
    if not true:
        sys.exit(f"not so: {what}")


commands = json.loads(said("help", "--json"))
rules = [rule["id"] for rule in json.loads(said("explain", "--json"))]
manual = (folder / "rpixen-img.1").read_text().replace("\\-", "-").replace("\\fB", "").replace("\\fR", "")
completions = {name: (folder / name).read_text() for name in ("rpixen-img.bash", "_rpixen-img", "rpixen-img.fish")}
for command in commands:
    expect(f".SS rpixen-img {command['name']}" in manual, f"the manual has {command['name']}")
    for option in command["options"]:
        expect(f"--{option['name']}" in manual, f"the manual has --{option['name']}")
        for name, text in completions.items():
            expect(option["name"] in text, f"{name} has {option['name']} of {command['name']}")
for name, text in completions.items():
    expect(all(rule in text for rule in rules), f"{name} offers every diagnostic")
    expect("dom0-kernel" in text, f"{name} offers the stages")
keys = re.findall(r"^\\fB([A-Za-z0-9_.\[\]\\-]+)\\fR$", (folder / "rpixen-manifest.5").read_text(), re.M)
for key in ("artifacts.rootfs", "boot.dom0_mem", "image.root_partition.size", "files[].target", "owners[].path"):
    expect(key in keys, f"rpixen-manifest(5) has {key}: {keys}")


def completed(*words):
    """What bash offers for the last word."""
    script = (f'. "{folder}/rpixen-img.bash"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _rpixen_img; printf "%s\\n" "${{COMPREPLY[@]}}"')
    return subprocess.run(["bash", "-c", script, "bash", *words], check=True, text=True, capture_output=True).stdout.split()


expect(completed("rpixen-img", "com") == ["compose"], "commands")
expect(completed("rpixen-img", "explain", "dom0-reg-too-s") == ["dom0-reg-too-small"], "diagnostics")
expect(completed("rpixen-img", "compose", "--allow", "dom0-reg-too-s") == ["dom0-reg-too-small"], "an option's diagnostics")
expect(completed("rpixen-img", "boot", "--until", "lo") == ["login"], "stages")
expect(completed("rpixen-img", "compose", "--back") == ["--backend"], "options")
expect(completed("rpixen-img", "compose", "--backend", "") == ["direct", "guestfs"], "an option's words")
for page in ("rpixen-img.1", "rpixen-manifest.5"):
    groff = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-z", folder / page], text=True, capture_output=True)
    expect(groff.returncode == 0 and not groff.stderr, f"groff reads {page}: {groff.stderr}")
