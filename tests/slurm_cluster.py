"""A real Slurm cluster of three nodes on this machine, with accounting, preemption and nodes that can be lost."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

PROGRAMS = ("slurmctld", "slurmd", "slurmdbd", "munged", "mariadbd", "mariadb-install-db", "sacctmgr")
NODES = ("node1", "node2", "node3")

SLURM_CONF = """
ClusterName=one
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
AuthType=auth/munge
AuthInfo=socket={munge},cred_expire=5
SlurmUser=root
SlurmdUser=root
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/affinity
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=127.0.0.1
AccountingStoragePort={ports[1]}
AccountingStoragePass={munge}
JobCompType=jobcomp/none
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
SchedulerType=sched/backfill
SchedulerParameters=sched_min_interval=100000,sched_interval=2,bf_interval=2,batch_sched_delay=1
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
{signal}
JobRequeue=1
KillWait=30
MinJobAge=300
SlurmdTimeout=15
SlurmctldTimeout=15
InactiveLimit=0
OverTimeLimit=0
NodeName=node[1-3] NodeHostname={host} NodeAddr=127.0.0.1 Port=[{ports[3]}-{ports[5]}] CPUs=2 RealMemory=4000
PartitionName=low Nodes=node[1-3] Default=YES PriorityTier=1 PreemptMode=REQUEUE GraceTime={grace}
PartitionName=high Nodes=node[1-3] PriorityTier=10 PreemptMode=OFF
"""
SLURMDBD_CONF = """
AuthType=auth/munge
AuthInfo=socket={munge}
DbdHost={host}
DbdAddr=127.0.0.1
DbdPort={ports[1]}
SlurmUser=root
StorageType=accounting_storage/mysql
StorageHost=127.0.0.1
StoragePort={ports[2]}
StorageUser=slurm
StoragePass=slurm
StorageLoc=slurm_acct_db
PidFile={folder}/slurmdbd.pid
LogFile={folder}/slurmdbd.log
"""
ACCOUNTS = """
create database if not exists slurm_acct_db;
create user if not exists slurm@127.0.0.1 identified by 'slurm';
grant all on slurm_acct_db.* to slurm@127.0.0.1;
"""


def until(condition: Callable[[], object], what: str, seconds: float = 120) -> None:
    """Wait for a condition."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not reached in {seconds} s: {what}"
        time.sleep(0.1)


class SlurmCluster:
    """The daemons, whose files are in a folder of their own.

    Args:
        folder: for configs, state and logs.

    Attributes:
        env: environment for commands that use the cluster.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self.conf = folder / "slurm.conf"
        self.munge = Path(f"/run/munge-{os.getpid()}/socket")
        self.host = socket.gethostname().partition(".")[0]
        self.ports = _free_ports(6)
        self.env = {
            **os.environ,
            "SLURM_CONF": str(self.conf),
            "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin",
            "MASTER_ADDR": "127.0.0.1",  # of training over several nodes, whose names this machine does not know
        }
        self._started: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        """Start everything, and wait until three nodes are idle."""
        for name in ("state", "mysql"):
            (self.folder / name).mkdir(parents=True)
        self.configure()
        text = SLURMDBD_CONF.format(**vars(self))
        (self.folder / "slurmdbd.conf").write_text(text)
        (self.folder / "slurmdbd.conf").chmod(0o600)
        self.munge.parent.mkdir(exist_ok=True)
        shutil.chown(self.munge.parent, "munge", "munge")
        self._daemon("runuser", "-u", "munge", "--", "munged", "-F", "-f", f"--socket={self.munge}",
                     f"--pid-file={self.munge.parent}/pid", f"--log-file={self.munge.parent}/log",
                     f"--seed-file={self.munge.parent}/seed")  # fmt: skip
        data = self.folder / "mysql"
        shutil.chown(data, "mysql")
        self.run("mariadb-install-db", "--user=mysql", f"--datadir={data}",
                 "--auth-root-authentication-method=normal", "--skip-test-db")  # fmt: skip
        self._daemon("mariadbd", "--no-defaults", "--user=mysql", f"--datadir={data}", f"--socket={data}/sock",
                     "--bind-address=127.0.0.1", f"--port={self.ports[2]}", "--innodb-buffer-pool-size=64M",
                     "--innodb-lock-wait-timeout=900", f"--pid-file={data}/pid")  # fmt: skip
        until(lambda: self.succeeds("mariadb", "-S", f"{data}/sock", "-e", "select 1"), "MariaDB answers")
        self.run("mariadb", "-S", f"{data}/sock", "-e", ACCOUNTS)
        self._daemon("slurmdbd", "-D")
        until(lambda: self.succeeds("sacctmgr", "-n", "show", "cluster"), "slurmdbd answers")
        self.run("sacctmgr", "-i", "-Q", "add", "cluster", "one")
        self.start_controller()
        for node in NODES:
            self.start_node(node)
        self.wait_for_nodes()

    def configure(self, grace: int = 0) -> None:
        """Write `slurm.conf`.

        Args:
            grace: seconds between the user's signal and the end of a preempted job; 0 for SIGTERM alone.
        """
        user_signal = "SlurmctldParameters=preempt_send_user_signal" if grace else ""
        self.conf.write_text(SLURM_CONF.format(**vars(self), grace=grace, signal=user_signal))

    def start_controller(self) -> None:
        """Start `slurmctld` and wait until it answers."""
        self._controller = self._daemon("slurmctld", "-D")
        until(lambda: self.succeeds("scontrol", "ping"), "slurmctld answers")

    def kill_controller(self) -> None:
        """End `slurmctld` without warning, but not before what it knows is on disk.

        What it forgets, Slurm 22.05 may never find again: a job that ended meanwhile stays a running one.
        """
        time.sleep(5)  # for what nodes are still reporting
        saved = self.folder / "state" / "job_state"
        before = saved.stat().st_mtime_ns
        job = self.run("squeue", "-h", "-o", "%A").split()[0]
        self.run("scontrol", "update", f"JobId={job}", "Comment=saved")  # it saves within seconds of a change
        until(lambda: saved.stat().st_mtime_ns > before, "the controller saves its jobs")
        self._controller.kill()
        self._controller.wait()

    def start_node(self, node: str) -> None:
        """Start the daemon of a node."""
        self._daemon("slurmd", "-D", "-N", node)

    def lose_node(self, node: str) -> None:
        """End a node's daemon and everything that runs on it without warning, as if the power had failed."""
        pids = [int((self.folder / f"slurmd-{node}.pid").read_text())]
        steps = []
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                environ = (process / "environ").read_bytes().split(b"\0")
                if f"SLURM_CONF={self.conf}".encode() not in environ:
                    continue  # of another cluster, whose nodes have the same names
                if f"SLURMD_NODENAME={node}".encode() in environ:
                    pids.append(int(process.name))
                elif (process / "cmdline").read_bytes().startswith(b"slurmstepd"):
                    steps.append(process)
        for process in steps:
            with suppress(OSError):
                children = {*map(int, (process / "task" / process.name / "children").read_text().split())}
                if children & {*pids} or not children:
                    pids.insert(0, int(process.name))  # first, or it would report how its children ended
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def wait_for_nodes(self) -> None:
        """Wait until every node is idle."""
        until(lambda: self.run("sinfo", "-h", "-N", "-p", "low", "-t", "idle", "-o", "%N").split() == [*NODES],
              "three idle nodes")  # fmt: skip

    def states(self, job: str) -> dict[str, str]:
        """State of each task of an array job, by its number."""
        lines = self.run("squeue", "-h", "-r", "--states=all", "-o", "%K %T", "-j", job).splitlines()
        return dict(line.split() for line in lines)

    def run(self, *words: str, timeout: float = 60) -> str:
        """Run a command on the cluster, which must succeed; return what it prints."""
        done = subprocess.run(words, env=self.env, capture_output=True, text=True, timeout=timeout, check=False)
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        return done.stdout

    def succeeds(self, *words: str) -> bool:
        """Whether a command succeeds."""
        return subprocess.run(words, env=self.env, capture_output=True, timeout=60, check=False).returncode == 0

    def stop(self) -> None:
        """End all daemons and what runs on the nodes."""
        for path in Path("/proc").glob("[0-9]*/environ"):
            with suppress(OSError, ProcessLookupError):
                if f"SLURM_CONF={self.conf}".encode() in path.read_bytes().split(b"\0"):
                    os.kill(int(path.parent.name), signal.SIGKILL)
        for process in reversed(self._started):
            with suppress(ProcessLookupError):
                process.terminate()
        for process in self._started:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
        shutil.rmtree(self.munge.parent, ignore_errors=True)

    def _daemon(self, *words: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{Path(words[0]).name}.out").open("ab") as output:
            process = subprocess.Popen(
                words, env=self.env, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
            )
        self._started.append(process)
        return process


def _free_ports(count: int) -> list[int]:
    """Consecutive ports that nobody listens on."""
    for first in range(17100, 30000, 10):
        sockets = [socket.socket() for _ in range(count)]
        try:
            for number, free in enumerate(sockets):
                free.bind(("127.0.0.1", first + number))
            return [first + number for number in range(count)]
        except OSError:
            continue
        finally:
            for free in sockets:
                free.close()
    raise AssertionError("no free ports")


@pytest.fixture(scope="session")
def slurm() -> Iterator[SlurmCluster]:
    """Start a cluster; where a package is missing, fail in CI, and skip the test elsewhere."""
    missing = [name for name in PROGRAMS if shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin") is None]
    if missing or os.geteuid() != 0:
        reason = f"{', '.join(missing)} not installed" if missing else "only root may start Slurm's daemons"
        assert not os.environ.get("CI"), reason
        pytest.skip(reason)
    with tempfile.TemporaryDirectory(prefix="slurm-", ignore_cleanup_errors=True) as folder:
        os.chmod(folder, 0o755)  # the database runs as another user
        cluster = SlurmCluster(Path(folder))
        try:
            cluster.start()
            yield cluster
        finally:
            cluster.stop()
