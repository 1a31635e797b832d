"""Every document of --json, as the program really prints it, is what its schema in docs/schemas says.
usage: documents.py PROGRAM WRITE_KIT SCHEMAS FOLDER"""
import json
import os
import pathlib
import pty
import shutil
import subprocess
import sys

import jsonschema

program, write_kit, schemas, folder = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3]), pathlib.Path(sys.argv[4])
shutil.rmtree(folder, ignore_errors=True)
folder.mkdir(parents=True)
subprocess.run([write_kit, folder / "kit"], check=True)
os.chdir(folder)
seen = set()


def run(name, *words, status=0, text=None):
    done = subprocess.run([program, *words], text=True, capture_output=True, input=text)
    if done.returncode != status:
        sys.exit(f"{words}: status {done.returncode}, expected {status}: {done.stdout[:500]}{done.stderr}")
    validate(name, json.loads(done.stdout), words)
    return done


def validate(name, document, what):
    schema = json.loads((schemas / f"{name}.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    errors = list(jsonschema.Draft202012Validator(schema).iter_errors(document))
    if errors:
        sys.exit(f"{what}: {name}: " + "; ".join(f"{list(error.path)}: {error.message[:300]}" for error in errors))
    seen.add(name)


manifest = "kit/manifest.json"
composed = run("report", "compose", manifest, "-o", "card.img", "--report", "card.json", "--json", "--progress=json")
for line in composed.stderr.splitlines():
    if line.startswith("{"):
        validate("progress", json.loads(line), line)
run("report", "plan", manifest, "--json")
run("report", "plan", "-", "-C", "kit", "--json", text=pathlib.Path(manifest).read_text())
run("report", "check", manifest, "--json")
run("report", "check", "card.img", "--json")
run("report", "inspect", "card.img", "--json")
run("inputs", "plan", manifest, "--key", "--json")
run("inputs", "plan", manifest, "--inputs", "--json")
run("verification", "verify", "card.img", "--report", "card.json", "--json")
with open("card.img", "r+b") as image:  # a byte of a file of the FAT
    image.seek(pathlib.Path("card.img").read_bytes().index(b"arm_64bit"))
    image.write(b"X")
run("verification", "verify", "card.img", "--report", "card.json", "--json", status=7)
run("release", "release", manifest, "-d", "release", "--json")
run("release-verification", "verify-release", "release", "--json")
pathlib.Path("release/more").write_text("")
run("release-verification", "verify-release", "release", "--json", status=7)
pathlib.Path("kit/matrix.json").write_text(json.dumps({"matrix_version": 1, "manifest": "manifest.json", "axes": {
    "mem": {"at": "/boot/dom0_mem", "values": ["512MiB", "256MiB"]}}}))
run("matrix", "matrix", "kit/matrix.json", "-d", "tasks", "--json")
run("error", "matrix", "kit/manifest.json", "-d", "tasks", "--json", status=3)
run("flash", "flash", "card.img", "--json")
run("differences", "diff", "card.img", manifest, "--json")
pathlib.Path("kit/other.json").write_text(
    pathlib.Path(manifest).read_text().replace('"artifacts"', '"boot": {"addresses": {"kernel": "0x600000"}}, "artifacts"'))
run("differences", "diff", manifest, "kit/other.json", "--json")
run("error", "diff", manifest, "none.img", "--json", status=4)
run("rule", "explain", "--json")
run("rule", "explain", "dom0-mem-impossible", "--json")
run("commands", "help", "--json")
run("error", "plan", "none.json", "--json", status=3)
run("error", "compose", manifest, "-o", "no/such/card.img", "--json", status=6)
pathlib.Path("m.json").write_text(pathlib.Path(manifest).read_text().replace('"image"', '"imaeg"').replace('"xen"', '"kit/xen"', 1))
run("error", "plan", "m.json", "--json", status=3)
refused = json.loads(pathlib.Path(manifest).read_text())
refused["boot"] = {"dom0_mem": "8GiB"}
pathlib.Path("kit/refused.json").write_text(json.dumps(refused))
run("report", "plan", "kit/refused.json", "--json", status=5)
pathlib.Path("boot.log").write_text("U-Boot 2023.01\n## Executing script at 02400000\n(XEN) Xen version 4.17.5\n(XEN) Panic on CPU 0:\n")
run("diagnosis", "diagnose", "boot.log", "--json", status=5)
run("diagnosis", "diagnose", "boot.log", "--image", "card.img", "--json", status=5)
_, line = pty.openpty()
run("boot", "boot", "--serial", os.ttyname(line), "--timeout", "1", "--json", status=5)
pathlib.Path("kit/manifest.json").unlink()
run("proposal", "init", "kit", "-o", "new.json", "--json")
pathlib.Path("kit/xen").unlink()
run("proposal", "init", "kit", "-o", "other.json", "--json", status=4)

# The check sees a key that no schema has, and one that is missing.
document = json.loads(subprocess.run([program, "help", "--json"], text=True, capture_output=True).stdout)
schema = json.loads((schemas / "commands.schema.json").read_text())
for change in (lambda entry: entry.update(more=1), lambda entry: entry.pop("name")):
    wrong = json.loads(json.dumps(document))
    change(wrong[0])
    if jsonschema.Draft202012Validator(schema).is_valid(wrong):
        sys.exit("the schema takes everything")
missing = {path.name.removesuffix(".schema.json") for path in schemas.glob("*.json")} - seen
if missing:
    sys.exit(f"no document was printed for {sorted(missing)}")
