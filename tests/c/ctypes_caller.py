"""usage: ctypes_caller.py LIBRARY MANIFEST IMAGE: composes a card by the C border through dlopen, twice at once from two threads, and
once cancelled from another thread; a matrix, the disks and what flash refuses; prints what came of it as JSON."""
import ctypes
import json
import pathlib
import sys
import threading

library = ctypes.CDLL(sys.argv[1])
library.rpixen_context_new.restype = ctypes.c_void_p
library.rpixen_version.restype = ctypes.c_char_p
for name in ("context_free", "cancel"):
    getattr(library, "rpixen_" + name).argtypes = [ctypes.c_void_p]
library.rpixen_free.argtypes = [ctypes.c_void_p]
for name in ("compose", "matrix", "flash", "disks"):
    getattr(library, "rpixen_" + name).argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.POINTER(ctypes.c_void_p)]
Progress = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_uint64, ctypes.c_uint64)
Note = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_char_p)
library.rpixen_watch.argtypes = [ctypes.c_void_p, Progress, Note, ctypes.c_void_p]


def call(name, request, on_progress=None):
    context = library.rpixen_context_new()
    phases = []

    @Progress
    def progress(_user, phase, _done, _total):
        phases.append(phase.decode())
        if on_progress:
            on_progress(context)

    library.rpixen_watch(context, progress, Note(), None)
    document = ctypes.c_void_p()
    status = getattr(library, "rpixen_" + name)(context, json.dumps(request).encode(), ctypes.byref(document))
    result = json.loads(ctypes.string_at(document.value))
    library.rpixen_free(document)
    library.rpixen_context_free(context)
    return status, result, list(dict.fromkeys(phases))


def compose(request, on_progress=None):
    return call("compose", request, on_progress)


def cancel_from_another_thread(context):
    thread = threading.Thread(target=library.rpixen_cancel, args=(context,))
    thread.start()
    thread.join()


manifest, image = pathlib.Path(sys.argv[2]), sys.argv[3]
source = {"text": manifest.read_text(), "folder": str(manifest.parent)}
results = {}
threads = [threading.Thread(target=lambda n=n: results.update({n: compose({"manifest": source, "output": f"{image}.{n}"})}))
           for n in ("one", "two")]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
cancelled = compose({"manifest": source, "output": image}, cancel_from_another_thread)
matrix = {"matrix_version": 1, "manifest": manifest.name,
          "axes": {"mem": {"at": "/boot/dom0_mem", "values": ["512MiB", "256MiB"]}}}
tasks = call("matrix", {"matrix": str(manifest.parent / "matrix.json"), "text": json.dumps(matrix), "folder": f"{image}.tasks"})
refused = call("flash", {"subject": str(manifest), "device": str(manifest)})
print(json.dumps({"version": library.rpixen_version().decode(), "statuses": [results["one"][0], results["two"][0]],
                  "size": results["one"][1]["size"], "phases": results["one"][2],
                  "cancelled": cancelled[0], "why": cancelled[1]["error"]["code"],
                  "tasks": [task["manifest"] for task in tasks[1]["tasks"]], "refused": refused[0],
                  "disks": call("disks", {})[0]}))
