#!/usr/bin/env python3
"""A file that behaves as bad cards do, for a loop device to lie on: FOLDER/card, of SIZE bytes.
usage: bad_card.py FOLDER SIZE [--wraps BYTES] [--loses BYTES] [--bad-write BYTE] [--bad-read BYTE] [--wait SECONDS]
  --wraps       it keeps so many bytes, and what lies beyond replaces what lies in front
  --loses       it keeps so many bytes, and what lies beyond is lost
  --bad-write   the sector of that byte cannot be written
  --bad-read    the sector of that byte cannot be read
  --wait        every write takes so long
It ends when FOLDER is unmounted."""
import argparse
import errno
import os
import stat
import tempfile
import time

import fusepy as fuse  # as Debian calls it

options = argparse.ArgumentParser()
options.add_argument("folder")
options.add_argument("size", type=int)
for name in ("wraps", "loses", "bad-write", "bad-read"):
    options.add_argument("--" + name, type=int, default=-1)
options.add_argument("--wait", type=float, default=0)
wish = options.parse_args()


class BadCard(fuse.Operations):
    def __init__(self):
        self.store = tempfile.TemporaryFile(dir="/var/tmp")
        self.store.truncate(wish.size)

    def getattr(self, path, handle=None):
        if path == "/":
            return {"st_mode": stat.S_IFDIR | 0o755, "st_nlink": 2}
        if path == "/card":
            return {"st_mode": stat.S_IFREG | 0o600, "st_nlink": 1, "st_size": wish.size}
        raise fuse.FuseOSError(errno.ENOENT)

    def readdir(self, path, handle):
        return [".", "..", "card"]

    def read(self, path, size, offset, handle):
        self.fail(wish.bad_read, offset, size)
        if wish.wraps < 0:
            return os.pread(self.store.fileno(), size, offset)
        return b"".join(os.pread(self.store.fileno(), length, place) for place, length in self.pieces(offset, size))

    def write(self, path, data, offset, handle):
        time.sleep(wish.wait)
        self.fail(wish.bad_write, offset, len(data))
        kept = data
        if 0 <= wish.loses < offset + len(data):
            kept = data[:max(0, wish.loses - offset)]
        if wish.wraps < 0:
            os.pwrite(self.store.fileno(), kept, offset)
            return len(data)
        done = 0
        for place, length in self.pieces(offset, len(data)):
            os.pwrite(self.store.fileno(), data[done:done + length], place)
            done += length
        return len(data)

    def truncate(self, path, length, handle=None):
        return 0

    @staticmethod
    def pieces(offset, size):
        while size > 0:
            place = offset % wish.wraps
            length = min(size, wish.wraps - place)
            yield place, length
            offset, size = offset + length, size - length

    @staticmethod
    def fail(place, offset, size):
        if 0 <= place and offset // 512 <= place // 512 <= (offset + size - 1) // 512:
            raise fuse.FuseOSError(errno.EIO)


fuse.FUSE(BadCard(), wish.folder, foreground=True, nothreads=True, direct_io=True, big_writes=True, max_write=131072)
