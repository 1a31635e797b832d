#!/usr/bin/env python3
"""Makes a whole release with the program and holds it against others' programs.

Usage: release.py PROGRAM WRITE_KIT FOLDER NODE_FOLDER
FOLDER is made anew; NODE_FOLDER has node_modules with what package.json names. Exit status: 0 all held, 1 something did not."""
import os, pathlib, shutil, subprocess, sys

program, write_kit = sys.argv[1:3]
folder, node_folder = (pathlib.Path(word).resolve() for word in sys.argv[3:5])
here = pathlib.Path(__file__).resolve().parent
shutil.rmtree(folder, ignore_errors=True)
folder.mkdir(parents=True)
os.chdir(folder)
os.environ["PATH"] += ":/sbin:/usr/sbin"
failed = False


def run(*words, status=0, **more):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, **more)
    told = (done.stdout + done.stderr).strip().splitlines()[-1:]
    held = (done.returncode == 0) == (status == 0)
    global failed
    failed = failed or not held
    print(f"{'ok' if held else 'FAILED'}: {' '.join(str(word) for word in words)[:160]}: {told[0] if told else ''}", flush=True)


def release(*words):
    run(program, "release", "kit/manifest.json", "-d", "release", "-q", *words)


run(write_kit, "kit")
run("openssl", "genpkey", "-algorithm", "ed25519", "-out", "key.pem")
run("openssl", "pkey", "-in", "key.pem", "-pubout", "-out", "key.pub")
release("--sign-key", "key.pem", "--url", "https://example.org/cards/", "--builder", "https://example.org/builder")
name = "rpixen"
run("sha256sum", "--strict", "--quiet", "-c", "SHA256SUMS", cwd="release")
run("openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "key.pub", "-rawin", "-in", "release/SHA256SUMS", "-sigfile", "release/SHA256SUMS.sig")
run("node", here / "provenance.mjs", node_folder, "release", "key.pub")
run("xmllint", "--noout", f"release/{name}.img.bmap")
run("zstd", "-q", "-d", f"release/{name}.img.zst", "-o", "card.img")
run("bmaptool", "copy", "--bmap", f"release/{name}.img.bmap", f"release/{name}.img.zst", "copy.img")

# Over a card that held something else before: only what is mapped is written, and all that reads the card is content.
with open("used.img", "wb") as card:
    for _ in range(os.path.getsize("card.img") // (1 << 20)):
        card.write(b"\xff" * (1 << 20))
run("node", here / "block_map.mjs", node_folder, "card.img", f"release/{name}.img.bmap", "used.img")
run(program, "verify", "used.img", "--report", f"release/{name}.report.json")
table = subprocess.run(["sfdisk", "-d", "used.img"], check=True, capture_output=True, text=True).stdout
starts = [[int(word.split("=")[1]) for word in line.replace(" ", "").split(":", 1)[1].split(",")[:2]] for line in table.splitlines() if "start=" in line]
for (start, size), check in zip(starts, (["fsck.fat", "-n"], ["e2fsck", "-fn"])):
    run("dd", "if=used.img", "of=partition", "bs=512", f"skip={start}", f"count={size}", "status=none")
    run(*check, "partition")

run("minisign", "-G", "-W", "-p", "mini.pub", "-s", "mini.key")
release("--sign-command", 'minisign -S -s mini.key -m "$1" -x "$2"')
run("minisign", "-V", "-p", "mini.pub", "-m", "release/SHA256SUMS", "-x", "release/SHA256SUMS.sig")
run(program, "verify-release", "release", "--key", "mini.pub")
run("signify-openbsd", "-G", "-n", "-p", "signify.pub", "-s", "signify.sec")
release("--sign-command", 'signify-openbsd -S -s signify.sec -m "$1" -x "$2"')
run("signify-openbsd", "-V", "-p", "signify.pub", "-m", "release/SHA256SUMS", "-x", "release/SHA256SUMS.sig")
run(program, "verify-release", "release", "--key", "signify.pub")
run(program, "verify-release", "release", "--key", "mini.pub", status=7)
sys.exit(1 if failed else 0)
