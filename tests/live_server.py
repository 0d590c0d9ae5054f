"""The real application served by ``crm web`` on a free loopback port, in a process group of its own."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from tests.callers import Caller, Dropped

HOST = "127.0.0.1"
COMMAND = (sys.executable, "-c", "from crm.cli import main; main()")
PATIENCE = 60.0


class LiveServer:
    """A server that can be started, stopped, killed outright and started again on the same data and port.

    ``command`` is ``crm web`` unless another program shall be served; ``environment`` is set on top of what it needs.
    """

    def __init__(
        self, data_dir: Path, database_url: str = "", *, command: tuple[str, ...] = (*COMMAND, "web"),
        environment: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        self.port = free_port()
        self.address = f"http://{HOST}:{self.port}"
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("CRM_")},
            "CRM_DATA_DIR": str(data_dir), "CRM_DATABASE_URL": database_url, "CRM_BIND": f"{HOST}:{self.port}",
            "CRM_BASE_URL": self.address, "CRM_SECRET_KEY": "a secret for a server that only tests see",
            "CRM_PUBLIC_RATE": "0", **(environment or {}),
        }  # fmt: skip
        self._command = tuple(word.replace("{bind}", f"{HOST}:{self.port}") for word in command)
        self._process: subprocess.Popen[bytes] | None = None
        self._log = data_dir.parent / f"server-{self.port}.log"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.stop()

    def start(self, path: str = "/healthz") -> float:
        """Start it; answers after how many seconds ``path`` was first answered with 200."""
        began = time.monotonic()
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, env=self.environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )
        while time.monotonic() - began < PATIENCE:
            if self._process.poll() is not None:
                raise RuntimeError(f"the server ended with {self._process.returncode}:\n{self.log()}")
            try:
                with self.caller() as caller:
                    if caller.get(path).status == 200:
                        return time.monotonic() - began
            except Dropped:
                pass
            time.sleep(0.005)
        self.kill()
        raise RuntimeError(f"the server did not answer {path}:\n{self.log()}")

    def caller(self, **options: object) -> Caller:
        """A new visitor to it."""
        return Caller(HOST, self.port, **options)  # type: ignore[arg-type]

    def stop(self) -> None:
        """Ask it to finish, and wait."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(15)
            except subprocess.TimeoutExpired:
                self.kill()
        self._process = None

    def kill(self) -> None:
        """End every process of it in this instant (SIGKILL), and wait until they are gone."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(15)
        self._process = None

    def kill_workers(self) -> bool:
        """End the processes that answer in this instant; the one above them starts others. False where none are to be seen."""
        workers = self.workers()
        for pid in workers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return bool(workers)

    def workers(self) -> list[int]:
        """The processes below the first, as far as the system tells."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children")
        return [int(pid) for pid in children.read_text().split()] if children.exists() else []

    @property
    def pid(self) -> int:
        """The process that answers for the others."""
        assert self._process is not None
        return self._process.pid

    def log(self) -> str:
        """What it has said so far."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""


def free_port() -> int:
    """A loopback port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
