"""A Slurm of two nodes on this machine, in a folder of its own: munged, slurmctld, two slurmd. Nothing of the system's is used."""
import getpass
import os
import pathlib
import signal
import socket
import subprocess
import time


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def parent_of(process):
    try:
        return int(pathlib.Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return None


def words_of(process):
    try:
        return pathlib.Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return b""


class Cluster:
    nodes = ("n1", "n2")

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.daemons = {}
        host, user, (control, *ports) = socket.gethostname().split(".")[0], getpass.getuser(), free_ports(3)
        for name in ("state", "spool", "munge"):
            (self.folder / name).mkdir(parents=True, mode=0o755)
        os.chmod(self.folder / "munge", 0o755)
        key = self.folder / "munge/key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o400)
        conf = f"""ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={control}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={self.folder}/munge/socket,cred_expire=30
CredType=cred/munge
StateSaveLocation={self.folder}/state
SlurmctldPidFile={self.folder}/slurmctld.pid
SlurmdSpoolDir={self.folder}/spool/%n
SlurmdPidFile={self.folder}/slurmd.%n.pid
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmdParameters=config_overrides
ReturnToService=2
SlurmdTimeout=10
JobRequeue=1
MpiDefault=none
SchedulerParameters=batch_sched_delay=1,sched_interval=2
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""
        for node, port in zip(self.nodes, ports):
            conf += f"NodeName={node} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs=1\n"
        (self.folder / "slurm.conf").write_text(conf)
        version = subprocess.run(["slurmd", "-V"], capture_output=True, text=True, check=True).stdout.split()[1]
        if int(version.split(".")[0]) >= 23:
            (self.folder / "cgroup.conf").write_text("CgroupPlugin=disabled\n")
        self.environment = {**os.environ, "SLURM_CONF": str(self.folder / "slurm.conf")}
        self.version = version

    def __enter__(self):
        munge = self.folder / "munge"
        self.start("munged", ["munged", "--foreground", "--force", f"--socket={munge}/socket", f"--key-file={munge}/key",
                              f"--pid-file={munge}/pid", f"--log-file={munge}/log", f"--seed-file={munge}/seed"])
        self.wait_for("munged's socket", lambda: (munge / "socket").exists())
        self.start("slurmctld", ["slurmctld", "-D"])
        for node in self.nodes:
            self.start_node(node)
        self.wait_for("two idle nodes", lambda: self.states() == ["idle", "idle"])
        return self

    def __exit__(self, *_):
        self.run("scancel", "--user", getpass.getuser())
        for node in self.nodes:
            self.kill_node(node)
        for daemon in self.daemons.values():
            daemon.terminate()
        for daemon in self.daemons.values():
            daemon.wait()

    def start(self, name, words):
        path = self.environment["PATH"] + ":/usr/sbin:/sbin"
        log = open(self.folder / f"{name}.log", "ab")
        self.daemons[name] = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**self.environment, "PATH": path})

    def start_node(self, node):
        self.start(node, ["slurmd", "-D", "-N", node])

    def kill_node(self, node):
        """As if it lost its power: slurmd, then the daemons of its tasks, who would tell of their end, then the tasks."""
        if node not in self.daemons:
            return 0
        daemon = self.daemons.pop(node)
        daemon.kill()
        daemon.wait()
        tasks = self.tasks_on(node)
        parents = {parent_of(process) for process in tasks}
        watchers = {process for process in parents if process and words_of(process).startswith(b"slurmstepd")}
        for process in [*watchers, *tasks]:
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                pass
        return len(watchers) + len(tasks)

    def tasks_on(self, node):
        """The processes whose environment names the node and this cluster."""
        marks = {f"SLURMD_NODENAME={node}".encode(), f"SLURM_CONF={self.folder}/slurm.conf".encode()}
        found = []
        for process in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                if marks <= set((process / "environ").read_bytes().split(b"\0")):
                    found.append(int(process.name))
            except OSError:
                pass
        return found

    def run(self, *words, check=False, **more):
        return subprocess.run(words, env={**self.environment, **more}, text=True, capture_output=True, check=check).stdout

    def states(self):
        return self.run("sinfo", "-h", "-N", "-o", "%t").split()

    def job(self, identifier):
        """The fields of `scontrol show job`, of each task of an array."""
        lines = self.run("scontrol", "-o", "show", "job", str(identifier)).splitlines()
        return [dict(word.partition("=")[::2] for word in line.split() if "=" in word) for line in lines]

    def wait_for(self, what, condition, seconds=240):
        end = time.monotonic() + seconds
        while not (found := condition()):
            for name, daemon in self.daemons.items():
                if daemon.poll() is not None:
                    raise RuntimeError(f"{name} ended: {(self.folder / (name + '.log')).read_text()[-2000:]}")
            if time.monotonic() > end:
                raise RuntimeError(f"waited {seconds} s for {what}: {self.run('squeue')}{self.run('sinfo', '-R')}")
            time.sleep(0.3)
        return found
