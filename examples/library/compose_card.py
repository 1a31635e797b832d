#!/usr/bin/env python3
"""The same in Python, without anything but the shared library.

usage: compose_card.py MANIFEST IMAGE
"""
import ctypes
import json
import sys

rpixen = ctypes.CDLL("librpixen.so.0.1")
rpixen.rpixen_context_new.restype = ctypes.c_void_p
rpixen.rpixen_compose.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.POINTER(ctypes.c_void_p)]
rpixen.rpixen_context_free.argtypes = [ctypes.c_void_p]
rpixen.rpixen_free.argtypes = [ctypes.c_void_p]


def compose(request):
    """The exit status and the document of docs/report.md."""
    context = rpixen.rpixen_context_new()
    document = ctypes.c_void_p()
    status = rpixen.rpixen_compose(context, json.dumps(request).encode(), ctypes.byref(document))
    result = json.loads(ctypes.string_at(document.value))
    rpixen.rpixen_free(document)
    rpixen.rpixen_context_free(context)
    return status, result


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    status, report = compose({"manifest": sys.argv[1], "output": sys.argv[2]})
    if status == 0:
        for artifact in report["artifacts"]:
            print(artifact["sha256"], artifact["role"], artifact["version"])
    else:
        for problem in report["error"]["problems"]:
            print(problem["file"], problem["message"], problem["found"], file=sys.stderr)
    sys.exit(status)
