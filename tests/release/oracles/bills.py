#!/usr/bin/env python3
"""Holds the bills of materials and the imager's entry against what others say of them: CycloneDX' strict validator, SPDX' and rpi-imager's
schemas (ajv, python3-jsonschema), packageurl-js, dpkg-query and rpm.

Usage: bills.py WRITE_BILLS FOLDER NODE_FOLDER SCHEMAS
FOLDER is made anew; NODE_FOLDER has node_modules with what package.json names; SCHEMAS has spdx-2.3.schema.json and
rpi-imager-os-list.schema.json, which are others' and not kept here. Exit status: 0 all held, 1 something did not, or was missing."""
import copy, json, pathlib, shutil, subprocess, sys
import jsonschema

write_bills, folder, node_folder, schemas = sys.argv[1], *(pathlib.Path(word).resolve() for word in sys.argv[2:5])
here = pathlib.Path(__file__).resolve().parent
failed = False


def tell(held, words):
    global failed
    failed = failed or not held
    print(f"{'ok' if held else 'FAILED'}: {words}", flush=True)


def need(path, how):
    if not path.exists():
        sys.exit(f"FAILED: {path} is missing: {how}")


def make_root(root):
    """This system's dpkg, and an rpm database beside it."""
    (root / "var/lib/dpkg").mkdir(parents=True)
    (root / "etc").mkdir()
    shutil.copy("/var/lib/dpkg/status", root / "var/lib/dpkg/status")
    shutil.copy("/etc/os-release", root / "etc/os-release")
    spec = root.parent / "oracle.spec"
    spec.write_text("Name: oracle\nVersion: 1.0~rc1\nRelease: 2\nEpoch: 3\nSummary: x\nLicense: MIT\nBuildArch: noarch\n%description\nx\n%files\n")
    top = root.parent / "rpmbuild"
    subprocess.run(["rpmbuild", "--define", f"_topdir {top}", "-bb", spec], check=True, capture_output=True)
    # Debian 12's rpm wants to be asked; Debian 13's does not know the option.
    asked = ["--force-debian"] if subprocess.run(["rpm", "--force-debian", "--version"], capture_output=True).returncode == 0 else []
    subprocess.run(["rpm", "--dbpath", root / "var/lib/rpm", "--define", "_db_backend sqlite", "-i", "--justdb", "--nodeps", *asked,
                    *top.glob("RPMS/noarch/*.rpm")], check=True)


def check_packages(root, document):
    """The list of the bill is that of the package managers' own programs."""
    listed = {(part["name"], part["version"], of("architecture", part)) for part in document["components"] if of("package-manager", part)}
    told = subprocess.run(["dpkg-query", f"--admindir={root}/var/lib/dpkg", "-W", "-f", "${db:Status-Status}\t${Package}\t${Version}\t${Architecture}\n"],
                          check=True, capture_output=True, text=True).stdout
    rows = [line.split("\t") for line in told.splitlines()]
    expected = {tuple(row[1:]) for row in rows if row[0] == "installed" or row[0].startswith("triggers-")}
    told = subprocess.run(["rpm", "--dbpath", root / "var/lib/rpm", "-qa", "--qf", "%{name}\t%{epoch}:%{version}-%{release}\t%{arch}\n"],
                          check=True, capture_output=True, text=True).stdout
    expected |= {tuple(line.split("\t")) for line in told.splitlines()}
    tell(listed == expected, f"{len(listed)} packages, those of dpkg-query and rpm" + ("" if listed == expected else f": {listed ^ expected}"))


def of(name, part):
    return next((row["value"] for row in part.get("properties", []) if row["name"] == "rpixen:" + name), "")


def check_schema(kind, schema, files, broken):
    validator = jsonschema.validators.validator_for(schema)(schema)
    for name, change in broken:
        document = copy.deepcopy(json.loads(files[0].read_text()))
        change(document)
        tell(not validator.is_valid(document), f"refused: {name}")
    for file in files:
        errors = [error.message[:300] for error in validator.iter_errors(json.loads(file.read_text()))]
        tell(not errors, f"{file.name}: {kind}, jsonschema" + "".join(" " + error for error in errors[:3]))


need(node_folder / "node_modules/@cyclonedx", "tests/run release installs it")
need(schemas / "spdx-2.3.schema.json", "https://github.com/spdx/spdx-spec, support/2.3, schemas/spdx-schema.json; name its folder in RPIXEN_SCHEMAS")
need(schemas / "rpi-imager-os-list.schema.json", "https://github.com/raspberrypi/rpi-imager, doc/json-schema/os-list-schema.json; its folder in RPIXEN_SCHEMAS")
shutil.rmtree(folder, ignore_errors=True)
(folder / "bills").mkdir(parents=True)
make_root(folder / "root")
subprocess.run([write_bills, folder / "bills", folder / "root"], check=True)
files = {ending: sorted((folder / "bills").glob("*." + ending)) for ending in ("cdx.json", "spdx.json", "rpi-imager.json")}
check_packages(folder / "root", json.loads((folder / "bills/root.cdx.json").read_text()))
check_schema("SPDX 2.3", json.loads((schemas / "spdx-2.3.schema.json").read_text()), files["spdx.json"],
             [("another key", lambda document: document["packages"][0].update(another=1)),
              ("another purpose", lambda document: document["packages"][0].update(primaryPackagePurpose="OPERATING-SYSTEM")),
              ("no SPDXID", lambda document: document.pop("SPDXID"))])
check_schema("rpi-imager's list", json.loads((schemas / "rpi-imager-os-list.schema.json").read_text()), files["rpi-imager.json"],
             [("no digest", lambda document: document["os_list"][0].pop("extract_sha256")),
              ("another init_format", lambda document: document["os_list"][0].update(init_format="uboot"))])
for words in (["cyclonedx.mjs", node_folder, *files["cdx.json"]], ["spdx.mjs", node_folder, schemas / "spdx-2.3.schema.json", *files["spdx.json"]]):
    failed = subprocess.run(["node", here / words[0], *words[1:]]).returncode != 0 or failed
sys.exit(1 if failed else 0)
