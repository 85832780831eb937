"""A PostgreSQL server of the tests' own, which asks for a password and can be killed and started again."""

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


class Server:
    """A server on 127.0.0.1 with the user `akshar`.

    Attributes:
        password: of the user.
        port: that it listens on.
    """

    def __init__(self, binaries: Path, folder: Path):
        self._binaries, self._data = binaries, folder / "data"
        self._as_user = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
        self.password = secrets.token_hex(12)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        if self._as_user:
            shutil.chown(folder, "postgres")
        password = folder / "password"
        password.write_text(self.password)
        password.chmod(0o644)
        options = ("-U", "akshar", "-A", "scram-sha-256", f"--pwfile={password}", "--no-sync", "--encoding=UTF8")
        self._call("initdb", "-D", str(self._data), "--locale=C", *options)
        self._options = f"-c listen_addresses=127.0.0.1 -c port={self.port} -c unix_socket_directories="

    def start(self) -> None:
        """Start it, and wait until it answers."""
        log = str(self._data / "log")
        self._call("pg_ctl", "-D", str(self._data), "-w", "-l", log, "-o", self._options, "start")

    def stop(self) -> None:
        """End it and every connection at once, as a crash does."""
        self._call("pg_ctl", "-D", str(self._data), "-w", "-m", "immediate", "stop")

    def database(self) -> str:
        """Make a database, and return its URL without the password."""
        name = f"d{secrets.token_hex(4)}"
        import psycopg

        options = f"host=127.0.0.1 port={self.port} user=akshar password={self.password} dbname=postgres"
        with psycopg.connect(options, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return f"postgresql+psycopg://akshar@127.0.0.1:{self.port}/{name}"

    def _call(self, program: str, *arguments: str) -> None:
        command = [*self._as_user, str(self._binaries / program), *arguments]
        done = subprocess.run(
            command, cwd=self._data.parent, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
        assert done.returncode == 0, done.stdout


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """A server for the session; skipped where PostgreSQL is not installed, unless this is CI."""
    found = shutil.which("initdb")
    folders = [*Path("/usr/lib/postgresql").glob("*/bin"), *([Path(found).parent] if found else [])]
    folders = [folder for folder in folders if (folder / "initdb").exists() and (folder / "pg_ctl").exists()]
    if not folders:
        reason = "PostgreSQL's server is not installed (initdb is not found)"
        pytest.fail(reason) if "CI" in os.environ else pytest.skip(reason)
    with tempfile.TemporaryDirectory(prefix="akshar-postgresql-") as name:
        server = Server(folders[0].resolve(), Path(name))
        server.start()
        try:
            yield server
        finally:
            server.stop()
