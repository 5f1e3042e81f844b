"""A command as a process of its own: its wall and processor time, its peak memory."""

import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

LOOK = 0.05  # seconds between two looks at the memory
PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass
class Measured:
    """What a command took.

    Attributes:
        seconds: By the clock on the wall.
        cpu_seconds: Of all processors, user and system, with its children's.
        peak_memory_bytes: Resident, of the process and all below it together.
        code: Its exit code.
        output: What it wrote.
        errors: What it wrote as errors.
    """

    seconds: float
    cpu_seconds: float
    peak_memory_bytes: int
    code: int
    output: str
    errors: str

    @property
    def row(self) -> dict:
        """The three figures, as results keep them."""
        return {
            "seconds": round(self.seconds, 3),
            "cpu_seconds": round(self.cpu_seconds, 3),
            "peak_memory_bytes": self.peak_memory_bytes,
        }


def measure(command: list[str], folder: Path, environment: dict) -> Measured:
    """Run a command to its end.

    Args:
        command: Program and arguments.
        folder: Where it runs.
        environment: Its environment, whole.

    Returns:
        What it took. Where the system tells no memory of process trees (no /proc), the
        peak is that of the largest single process.
    """
    began = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    )
    peak, written = [0], {}

    def look() -> None:
        while process.returncode is None:
            peak[0] = max(peak[0], sum(map(resident, tree(process.pid))))
            time.sleep(LOOK)

    def read(name: str) -> None:
        written[name] = getattr(process, name).read()

    threads = [
        threading.Thread(target=look),
        *(threading.Thread(target=read, args=[name]) for name in ("stdout", "stderr")),
    ]
    for thread in threads:
        thread.start()
    try:
        _, status, used = os.wait4(process.pid, 0)
    except BaseException:
        process.terminate()
        process.wait()
        raise
    seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    for thread in threads:
        thread.join()
    # Counts what its parent held when it began, too: only where nothing else was seen.
    single = used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return Measured(
        seconds,
        used.ru_utime + used.ru_stime,
        peak[0] or single,
        process.returncode,
        written["stdout"],
        written["stderr"],
    )


def tree(process: int) -> list[int]:
    """A process and all below it, as far as /proc shows them."""
    found = [process]
    for one in found:
        try:
            for children in Path(f"/proc/{one}/task").glob("*/children"):
                found += map(int, children.read_text().split())
        except (OSError, ValueError):
            continue
    return found


def resident(process: int) -> int:
    """Bytes of memory that a process holds now; 0 when it is gone."""
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * PAGE
    except (OSError, ValueError, IndexError):
        return 0


def size(path: Path) -> int:
    """Bytes of a file, or of all files below a folder."""
    if path.is_file():
        return path.stat().st_size
    return sum(
        below.stat().st_size
        for below in path.rglob("*")
        if below.is_file() and not below.is_symlink()
    )
