"""How the ranks of a run find each other, and what they tell each other beside their process group."""

import json
import os
import secrets
import socket
import time
from contextlib import suppress
from datetime import timedelta
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection, Listener
from typing import Any

from lightning_fabric.plugins.environments.cluster_environment import ClusterEnvironment
from lightning_fabric.plugins.environments.slurm import SLURMEnvironment
from lightning_fabric.plugins.environments.torchelastic import TorchElasticEnvironment
from torch.distributed import TCPStore  # pyright: ignore[reportPrivateImportUsage]

from akshar.cluster_launch import cluster_launch
from akshar.errors import AksharError, first_line

JOIN = 300.0  # seconds in which the ranks of one launch have to find each other
ANSWER = 10.0  # seconds for one attempt
# A machine that is switched off says no goodbye: it is missed after about half a minute.
KEEP_ALIVE = {"TCP_KEEPIDLE": 10, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 4}


def cluster_environment() -> ClusterEnvironment:
    """Return Lightning's view of the ranks that srun, torchrun or `akshar.training.ddp_launcher` started."""
    launch = cluster_launch()
    if launch is None or launch.launcher == "torchrun":
        return TorchElasticEnvironment()  # the variables of torchrun, which ddp_launcher sets too
    # Lightning takes the first node of the job and a port by the job; steps of one job may run at the same time
    nodes, job, step = (os.environ[f"SLURM_{name}"] for name in ("STEP_NODELIST", "JOB_ID", "STEP_ID"))
    os.environ.setdefault("MASTER_ADDR", SLURMEnvironment.resolve_root_node_address(nodes))
    os.environ.setdefault("MASTER_PORT", str(15000 + (int(job) + 101 * int(step)) % 10000))
    return SLURMEnvironment(auto_requeue=False)  # a signal asks a run to stop, and `resume=` continues it


class Channel:
    """Messages between rank 0 and a further rank, both ways."""

    def __init__(self, connection: Connection):
        self._connection = connection
        with socket.socket(fileno=os.dup(connection.fileno())) as tcp:
            tcp.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            for name, value in KEEP_ALIVE.items():
                if hasattr(socket, name):
                    tcp.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)

    def send(self, **content: Any) -> None:
        """Send a message; a process that is gone gets none."""
        with suppress(OSError):
            self._connection.send_bytes(json.dumps(content).encode())

    def close(self) -> None:
        """End the other side's waiting for messages."""
        with suppress(OSError), socket.socket(fileno=os.dup(self._connection.fileno())) as tcp:
            tcp.shutdown(socket.SHUT_RDWR)  # also wakes the thread that receives here, unlike a plain close

    def receive(self) -> dict[str, Any] | None:
        """Wait for a message; None once the other process is gone."""
        try:
            return json.loads(self._connection.recv_bytes())
        except (OSError, EOFError):
            return None


def listen(environment: ClusterEnvironment) -> tuple[TCPStore, Listener]:
    """Listen for the further ranks, and leave the address in the store of the process group to come.

    The store is to be kept: the process group, in the same process, uses its server.

    Raises:
        AksharError: the port is in use.
    """
    by_agent = os.environ.get("TORCHELASTIC_USE_AGENT_STORE") == "True"
    address, port = environment.main_address, environment.main_port
    try:
        store = _store(address, port, is_master=not by_agent)
    except RuntimeError as error:
        raise AksharError(
            f"MASTER_ADDR={address} MASTER_PORT={port}: rank 0 cannot listen there ({first_line(error)}); "
            "export another MASTER_PORT"
        ) from error
    os.environ["MASTER_PORT"] = str(store.port)
    secret = secrets.token_hex()
    listener = Listener(("", 0), backlog=environment.world_size(), authkey=secret.encode())
    hosts = [address, socket.gethostname()]
    store.set(_key(), json.dumps({"hosts": hosts, "port": listener.address[1], "secret": secret}))
    return store, listener


def dial(environment: ClusterEnvironment) -> Channel:
    """Connect to rank 0.

    Raises:
        AksharError: it does not answer.
    """
    address, port = environment.main_address, environment.main_port
    deadline = time.monotonic() + JOIN
    reason: Exception | None = None
    while time.monotonic() < deadline:
        try:
            # Until rank 0 is there; TCPStore would wait longer from one attempt to the next, and print each
            socket.create_connection((address, port), timeout=ANSWER).close()
            content = json.loads(_store(address, port, is_master=False).get(_key()))
            for host in content["hosts"]:
                with suppress(OSError):
                    return Channel(Client((host, content["port"]), authkey=content["secret"].encode()))
        except (OSError, EOFError, AuthenticationError, RuntimeError) as error:  # or another launch before this one
            reason = error
        time.sleep(0.2)
    raise AksharError(
        f"rank {environment.global_rank()} on {socket.gethostname()}: rank 0 did not answer within {JOIN:.0f} "
        f"seconds at MASTER_ADDR={address} MASTER_PORT={port} ({first_line(reason) if reason else 'no answer'})"
    )


def _store(address: str, port: int, *, is_master: bool) -> TCPStore:
    return TCPStore(
        address, port, None, is_master, timedelta(seconds=ANSWER), wait_for_workers=False, multi_tenant=True
    )


def _key() -> str:
    """Name the address in the store; the store of another launch, at the same port, does not have it."""
    names = ("TORCHELASTIC_RUN_ID", "SLURM_JOB_ID", "SLURM_STEP_ID")
    return "/".join(["akshar", *(os.environ.get(name, "") for name in names)])
