"""A process that is started, watched and measured with all that works for it."""

import os
import re
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import contest

LOOK = 2.0  # a look takes the kernel a while


class Done(NamedTuple):
    """What a process has used.

    Attributes:
        seconds: On the clock.
        cpu_seconds: Of processors, its children and its server included.
        peak_memory_bytes: The most that all of them had together, looked at every
            LOOK seconds; what they share counts once.
        log: What it wrote.
        code: How it ended.
    """

    seconds: float
    cpu_seconds: float
    peak_memory_bytes: int
    log: str
    code: int


def run(command: list[str], folder: Path, server: int | None = None, **more) -> Done:
    """Run a command in a folder.

    Args:
        command: With its arguments.
        folder: Where.
        server: Process id of a server that works for it, if there is one.
        more: Added to the environment.
    """
    environment = os.environ | {"PYTHONPATH": "", "DO_NOT_TRACK": "1"} | more
    before = contest.used(children=True)[0] + (spent_by(server) if server else 0)
    started = time.time()
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    memory = Memory(process.pid, *([server] if server else []))
    memory.start()
    log = process.communicate()[0]
    seconds = time.time() - started
    memory.over.set()
    after = contest.used(children=True)[0] + (spent_by(server) if server else 0)
    return Done(seconds, after - before, memory.peak, log, process.returncode)


def family(root: int) -> Iterator[Path]:
    """The folder in /proc of a process and of all below it."""
    yield Path(f"/proc/{root}")
    for children in Path(f"/proc/{root}/task").glob("*/children"):
        for child in children.read_text().split():
            yield from family(int(child))


def spent_by(root: int) -> float:
    """Processor seconds of a running process, of those below it, and of their dead."""
    ticks = 0
    for folder in family(root):
        fields = (folder / "stat").read_text().rsplit(")", 1)[-1].split()
        ticks += sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


class Memory(threading.Thread):
    """Looks again and again how much memory some processes have together.

    Attributes:
        peak: The most that was seen, in bytes.
    """

    def __init__(self, *roots: int):
        super().__init__(daemon=True)
        self.roots, self.peak, self.over = roots, 0, threading.Event()

    def run(self) -> None:
        """Until `over` is set."""
        while not self.over.wait(LOOK):
            total = 0
            for root in self.roots:
                try:
                    for folder in family(root):
                        text = (folder / "smaps_rollup").read_text()
                        total += int(re.search(r"\nPss:\s+(\d+)", text)[1]) * 1024
                except (OSError, TypeError):
                    continue  # it has just ended
            self.peak = max(self.peak, total)
