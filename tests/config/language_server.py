"""A client of the real `yaml-language-server`, which is what editors run, over its standard input and output."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest


def command() -> list[str]:
    """Find the server: named by the environment, or on PATH."""
    found = os.environ.get("AKSHAR_YAML_LANGUAGE_SERVER") or shutil.which("yaml-language-server")
    if not found:
        pytest.skip("needs yaml-language-server (npm install -g yaml-language-server)")
    return [found, "--stdio"]


class Client:
    """Sends one message at a time and waits for what it asked for."""

    def __init__(self, process: subprocess.Popen[bytes]):
        self.process, self.number = process, 0
        self.ask("initialize", {"processId": None, "rootUri": None, "capabilities": {}})
        self.send("initialized", {})
        settings = {"validate": True, "hover": True, "completion": True, "schemaStore": {"enable": False}}
        self.send("workspace/didChangeConfiguration", {"settings": {"yaml": settings}})

    def send(self, method: str, params: object, **head: object) -> None:
        """Send a message."""
        self._write({"method": method, "params": params, **head})

    def ask(self, method: str, params: object) -> Any:
        """Send a request and return its result."""
        self.number += 1
        self.send(method, params, id=self.number)
        while (message := self._read()).get("id") != self.number or "method" in message:
            self._answer(message)
        assert "error" not in message, message["error"]
        return message["result"]

    def diagnostics(self, path: Path, text: str) -> list[str]:
        """List the problems that an editor would show in a file, each with its line."""
        found = self.open(path, text)
        self.close(path)
        lines = text.splitlines()
        return [f"{lines[problem['range']['start']['line']]} -> {problem['message']}" for problem in found]

    def completions(self, path: Path, line: int, character: int) -> set[str]:
        """List what an editor would offer at a place in an open file."""
        found = self._at("completion", path, line, character)
        return {item["label"] for item in found["items"]}

    def hover(self, path: Path, line: int, character: int) -> str:
        """Return what an editor would show about a place in an open file."""
        return self._at("hover", path, line, character)["contents"]["value"]

    def open(self, path: Path, text: str) -> list[dict[str, Any]]:
        """Open a file with a text of one's own; return its problems."""
        self.number += 1
        document = {"uri": path.absolute().as_uri(), "languageId": "yaml", "version": self.number, "text": text}
        self.send("textDocument/didOpen", {"textDocument": document})
        while True:
            message = self._read()
            if message.get("method") == "textDocument/publishDiagnostics":
                if message["params"]["uri"] == document["uri"]:
                    return message["params"]["diagnostics"]
            else:
                self._answer(message)

    def close(self, path: Path) -> None:
        """Close a file; its problems are then none, which the server says too."""
        self.send("textDocument/didClose", {"textDocument": {"uri": path.absolute().as_uri()}})
        while self._read().get("method") != "textDocument/publishDiagnostics":
            pass

    def _at(self, method: str, path: Path, line: int, character: int) -> Any:
        document = {"uri": path.absolute().as_uri()}
        place = {"line": line, "character": character}
        return self.ask(f"textDocument/{method}", {"textDocument": document, "position": place})

    def _answer(self, message: dict[str, Any]) -> None:
        """Answer a request of the server: there is nothing to say."""
        if "id" in message and "method" in message:
            self._write({"id": message["id"], "result": None})

    def _write(self, message: dict[str, Any]) -> None:
        assert self.process.stdin
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self.process.stdin.flush()

    def _read(self) -> dict[str, Any]:
        assert self.process.stdout
        length = 0
        while line := self.process.stdout.readline().strip():
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        assert length, "the server ended"
        return json.loads(self.process.stdout.read(length))


@contextmanager
def server() -> Iterator[Client]:
    """Run the server."""
    with subprocess.Popen(command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            yield Client(process)
        finally:
            process.kill()
