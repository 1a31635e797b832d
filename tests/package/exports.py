"""Holds what the shared library exports against the list. usage: exports.py LIBRARY LIST; RPIXEN_ACCEPT=1 writes the list."""
import os
import pathlib
import subprocess
import sys

said = subprocess.run(["nm", "-DC", "--defined-only", sys.argv[1]], check=True, text=True, capture_output=True).stdout
names = sorted({line.split(" ", 2)[2] for line in said.splitlines()})
listed = pathlib.Path(sys.argv[2])
if os.environ.get("RPIXEN_ACCEPT"):
    listed.write_text("\n".join(names) + "\n")
known = listed.read_text().splitlines()
gone = [name for name in known if name not in names]
new = [name for name in names if name not in known]
if gone or new:
    sys.exit("\n".join([f"exported no longer: {name}" for name in gone] + [f"exported besides: {name}" for name in new] +
                       ["meant so: RPIXEN_ACCEPT=1, and a new SOVERSION where an old program would not survive it"]))
print(f"{len(names)} symbols")
