"""examples/slurm on a Slurm of this test's own, with cards that rpixen-img composes. usage: slurm_test.py PROGRAM WRITE_KIT EXAMPLE FOLDER"""
import filecmp
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

from cluster import Cluster

program, write_kit, example, folder = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3]), pathlib.Path(sys.argv[4])
shutil.rmtree(folder, ignore_errors=True)
folder.mkdir(parents=True)
folder = folder.resolve()
started = time.monotonic()


def say(text):
    print(f"{time.monotonic() - started:6.1f} s  {text}", flush=True)


def expect(condition, text):
    if not condition:
        raise SystemExit(f"not so: {text}")
    say(text)


def make_matrix():
    subprocess.run([program, "matrix", folder / "kit/matrix.json", "-d", folder / "tasks", "--quiet"], check=True)
    lines = (folder / "tasks/tasks.tsv").read_text().splitlines()
    return [dict(zip(lines[0].split("\t"), line.split("\t"))) for line in lines[1:]]


def wrapper(name, text):
    path = folder / name
    path.write_text(f"#!/usr/bin/env bash\nset -u\n{text}")
    path.chmod(0o755)
    return str(path)


def submit(cluster, results, image_program=program, until="COMPLETED"):
    """Runs `submit`, waits for the merge to end, and returns what it said and the logs of the run's tasks."""
    done = subprocess.run([example / "submit", folder / "tasks", folder / results], text=True, capture_output=True,
                          env={**cluster.environment, "RPIXEN_IMG": image_program})
    if done.returncode != 0:
        raise SystemExit(f"submit: {done.returncode}: {done.stderr}")
    job = done.stdout.strip()
    if until:
        finish(cluster, job, until)
    return done.stderr.strip(), job


def finish(cluster, job, until="COMPLETED"):
    state = cluster.wait_for(f"the merge {job}", lambda: next(
        (each["JobState"] for each in cluster.job(job) if each["JobState"] not in ("PENDING", "RUNNING", "COMPLETING", "CONFIGURING")), None), 400)
    if state != until:
        raise SystemExit(f"the merge ended as {state}, expected {until}: {logs_of('*')}")


def logs_of(results):
    return "".join(sorted(path.read_text() for path in folder.glob(f"{results}/.run.*/logs/*")))


def cards(results):
    lines = (folder / results / "cards.tsv").read_text().splitlines()[1:]
    return {line.split("\t")[0]: line.split("\t")[2] for line in lines}


def stamps(results):
    return {path.parent.name: (path.stat().st_ino, path.stat().st_mtime_ns) for path in (folder / results).glob("*/card.img")}


subprocess.run([write_kit, folder / "kit"], check=True)
tree = (folder / "kit/bcm2711-rpi-4-b.dtb").read_bytes()
(folder / "kit/second.dtb").write_bytes(tree)
(folder / "kit/matrix.json").write_text(json.dumps({"matrix_version": 1, "manifest": "manifest.json", "name": "card-{mem}-{board}", "axes": {
    "mem": {"at": "/boot/dom0_mem", "values": ["512MiB", "256MiB", "128MiB"]},
    "board": {"values": [{"name": "first", "set": {}}, {"name": "second", "set": {"/artifacts/dtb": "second.dtb"}}]}},
    "exclude": [{"mem": "128MiB", "board": "first"}]}))
tasks = make_matrix()
expect(len(tasks) == 5 and len({task["key"] for task in tasks}) == 5, "a matrix of 3 x 2 without one: 5 tasks, 5 keys")
keys = {task["name"]: task["key"] for task in tasks}

(folder / "serial").mkdir()
for task in tasks:
    subprocess.run([program, "compose", folder / "tasks" / task["manifest"], "-o", folder / "serial" / f"{task['key']}.img", "--quiet"], check=True)
say("composed one after the other, without Slurm")


def equals_serial(results):
    return all(filecmp.cmp(folder / "serial" / f"{key}.img", folder / results / key / "card.img", shallow=False) for key in keys.values())


with Cluster(folder / "cluster") as cluster:
    say(f"Slurm {cluster.version}: munged, slurmctld and two slurmd run")

    said, _ = submit(cluster, "results")
    nodes = {word for line in logs_of("results").splitlines() if line.endswith(": composed") for word in line.split() if word in cluster.nodes}
    expect(said.startswith("submit: 5 of 5 tasks"), said)
    expect(nodes == {"n1", "n2"}, "both nodes composed")
    expect(equals_serial("results"), "parallel equals serial, byte for byte, 5 images")
    expect(set(cards("results")) == set(keys), "cards.tsv has them all")
    before, first_cards = stamps("results"), cards("results")

    said, _ = submit(cluster, "results")
    expect(said.startswith("submit: 0 of 5 tasks"), said)
    expect(stamps("results") == before and cards("results") == first_cards, "the second run composed nothing")

    # A node dies while it composes: the program stops itself when it has begun, so that the death meets it there.
    mark = folder / "composing"
    slow = wrapper("program-that-stops", f"""
if [ "${{SLURM_RESTART_COUNT:-0}}" = 0 ] && mkdir {mark}.once 2>/dev/null; then
    "{program}" "$@" --progress=json 2> >(while IFS= read -r line; do
        [ -e {mark} ] || {{ kill -STOP $(pgrep -P $$ -x rpixen-img); echo "$SLURMD_NODENAME $SLURM_JOB_ID $SLURM_ARRAY_JOB_ID $SLURM_ARRAY_TASK_ID $line" > {mark}; }}
    done)
else
    exec "{program}" "$@"
fi
""")
    _, merge = submit(cluster, "after-death", slow, until=None)
    cluster.wait_for("a compose that has begun", lambda: mark.exists() and mark.read_text())
    node, job, array, index, progress = mark.read_text().split(" ", 4)
    say(f"task {index} composes on {node}: {progress.strip()}")
    killed = cluster.kill_node(node)
    expect(killed >= 3, f"{node} killed: slurmd and {killed} processes of its task")
    left = [path.name for path in (folder / "after-death").glob(".?*") if not path.name.startswith(".run.")]
    expect(left, f"the task left {left}")
    again = cluster.wait_for("the requeued task", lambda: next(
        (each for each in cluster.job(f"{array}_{index}") if int(each["Restarts"]) > 0 and each["JobState"] in ("RUNNING", "COMPLETED")), None))
    say(f"task {index} was requeued and runs on {again['NodeList']}, Restarts={again['Restarts']}")
    finish(cluster, merge)
    expect(again["NodeList"] != node, "on the node that lives")
    expect(cards("after-death") == first_cards and equals_serial("after-death"), "the same digests, byte for byte the serial run's images")
    expect(not [path for path in (folder / "after-death").glob(".?*") if not path.name.startswith(".run.")], "what the dead task left is gone")
    cluster.start_node(node)
    cluster.wait_for("two idle nodes", lambda: cluster.states() == ["idle", "idle"])
    say(f"{node} is back")

    # Another device tree: the same tree with an empty node more.
    source = subprocess.run(["dtc", "-q", "-I", "dtb", "-O", "dts", folder / "kit/second.dtb"], check=True, capture_output=True, text=True).stdout
    subprocess.run(["dtc", "-q", "-I", "dts", "-O", "dtb", "-o", folder / "kit/second.dtb"], check=True, text=True,
                   input=source.replace("/ {", "/ {\n\trevision-b = <1>;", 1))
    changed = {task["name"]: task["key"] for task in make_matrix()}
    expect({name for name in keys if keys[name] != changed[name]} == {name for name in keys if name.endswith("-second")},
           "a changed device tree changes the keys of its variants only")
    said, _ = submit(cluster, "results")
    expect(said.startswith("submit: 3 of 5 tasks"), said)
    after = stamps("results")
    expect(all(after[key] == before[key] for key in before) and set(after) == set(before) | set(changed.values()),
           "a changed device tree recomposed its 3 variants and touched no other image")

    # Exit statuses: what may pass is tried again, what may not is not.
    tried = folder / "tried"
    shaky = wrapper("program-that-fails-once", f'echo "$SLURM_ARRAY_TASK_ID" >> {tried}\n[ "${{SLURM_RESTART_COUNT:-0}}" != 0 ] || exit 6\nexec "{program}" "$@"\n')
    submit(cluster, "shaky", shaky)
    expect(sorted(tried.read_text().split()) == sorted(2 * ["1", "2", "3", "4", "5"]), "status 6: each task ran twice, and the merge came")
    tried.unlink()
    (folder / "kit/second.dtb").write_bytes(b"no device tree")  # keys stay those of tasks.tsv: the program is what finds it
    submit(cluster, "refused", wrapper("program-that-is-counted", f'echo "$SLURM_ARRAY_TASK_ID" >> {tried}\nexec "{program}" "$@"\n'), until="CANCELLED")
    expect(sorted(tried.read_text().split()) == ["1", "2", "3", "4", "5"], "status 4: no task ran twice, and Slurm cancelled the merge")
    expect(not (folder / "refused/cards.tsv").exists() and len(stamps("refused")) == 2, "the two good cards are there, cards.tsv is not")
    print(logs_of("refused"), end="")
say("all seen")
