"""Holds what the shared library exports against the list: mangled names, which every compiler of this platform writes alike, with what
they are called behind them. What is weak (vtables and type information of classes in headers) is emitted at a compiler's will and not
listed. usage: exports.py LIBRARY LIST; RPIXEN_ACCEPT=1 writes the list."""
import os
import pathlib
import subprocess
import sys


def nm(*options):
    said = subprocess.run(["nm", "-D", "--defined-only", *options, sys.argv[1]], check=True, text=True, capture_output=True).stdout
    words = [line.split(" ", 2) for line in said.splitlines()]
    return [name.partition("@@")[0] for _, kind, name in words if kind not in "VW"]


names = dict(zip(nm(), nm("-C")))
listed = pathlib.Path(sys.argv[2])
if os.environ.get("RPIXEN_ACCEPT"):
    listed.write_text("".join(f"{name}  {names[name]}\n" for name in sorted(names)))
known = [line.split(" ", 1)[0] for line in listed.read_text().splitlines()]
gone = [name for name in known if name not in names]
new = [name for name in names if name not in known]
if gone or new:
    sys.exit("\n".join([f"exported no longer: {name}" for name in gone] + [f"exported besides: {name} {names[name]}" for name in new] +
                       ["meant so: RPIXEN_ACCEPT=1, and a new SOVERSION where an old program would not survive it"]))
print(f"{len(names)} symbols")
