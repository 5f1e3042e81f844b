"""`warehouse watch`: a file lands, and its sales are visible in seconds.

One process looks into the landing folder. What lands is loaded, the KPIs that are
watched are refreshed (`live.py`), and readers get them. When nothing has landed for a
while, `warehouse run` brings up the rest; a file that lands meanwhile goes first.
"""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from warehouse.build import build_is_newest, last_build
from warehouse.errors import BusyError, UserError
from warehouse.files import copy_file
from warehouse.inputs import inputs, moved_tables
from warehouse.live import Base, Live, Refreshed
from warehouse.load import LoadResult, Refusal, load
from warehouse.lock import only_writer
from warehouse.paths import PROJECT, data_dir, target_name, warehouse_file
from warehouse.people import salt, salt_note
from warehouse.work import work

# Seconds between two looks; a file that is the same in two of them is whole.
PAUSE = 0.2
# Seconds between two thoughts whether anything but a file has changed.
THOUGHT = 5
# Seconds after which a catching-up is not interrupted any more by files that land.
PATIENCE = 900
SHOWN_LINES = 12
# What brings up everything, as Python is called.
WHOLE = ("-m", "warehouse", "run")
Stamp = tuple[int, int]


@dataclass
class Turn:
    """A refresh, from the files that landed to what readers see.

    Attributes:
        files: The files, from the landing folder.
        rows: Rows that were loaded.
        refused: Files of which nothing could be loaded.
        refreshed: What was published; None if no watched KPI hangs on the files.
        seconds: From the moment the last file was whole until it was visible.
    """

    files: list[str] = field(default_factory=list)
    rows: int = 0
    refused: list[str] = field(default_factory=list)
    refreshed: Refreshed | None = None
    seconds: float = 0.0


def watch(
    console: Console,
    target: str | None = None,
    kpis: list[str] | None = None,
    quiet: float = 10.0,
    once: bool = False,
) -> dict[str, int]:
    """Load, refresh and publish what lands, until Ctrl-C.

    Args:
        console: Where to say what was done, a line a refresh.
        target: A dbt target; the one in force when left out.
        kpis: The KPIs to refresh at once; those of sales and orders when left out.
        quiet: Seconds without a new file after which the rest is brought up.
        once: Take what has landed, bring up the rest, and end.

    Returns:
        How many files, rows, refreshes and whole builds there were.

    Raises:
        UserError: The project cannot be read, or a KPI does not exist. With `once`,
            also whatever goes wrong with a file or a build.
        BusyError: Another watch looks into this folder.
    """
    target = target or target_name()
    salt(target)
    if note := salt_note(target):
        console.print(f"[yellow]note[/] {note}", soft_wrap=True)
    with only_writer(data_dir(target) / ".watch", "watch"), _terminable():
        watcher = Watcher(console, target, kpis)
        try:
            if once:
                watcher.once()
            else:
                watcher.forever(quiet)
        except KeyboardInterrupt:
            console.print("\nwatching ended; nothing is half done")
        finally:
            watcher.close()
    return dict(watcher.counts)


class Watcher:
    """The landing folder of a target, and what was seen of it.

    Args:
        console: Where to say what was done.
        target: A dbt target.
        kpis: The KPIs to refresh at once; those of sales and orders when left out.
    """

    def __init__(self, console: Console, target: str, kpis: list[str] | None = None):
        self.console = console
        self.target = target
        self.wanted = kpis
        self.data = data_dir(target)
        self.landing = self.data / "landing"
        # While the rest is brought up, the private file is no build; this one is.
        self.copy = warehouse_file(target).with_suffix(".watch.duckdb")
        self.copy_made_of: dict | None = None
        self.copy.unlink(missing_ok=True)
        self.live: Live | None = None
        self.child: subprocess.Popen | None = None
        self.child_began = 0.0
        self.said: Path | None = None
        self.failed_on: dict | None = None  # inputs that a whole build failed on
        self.waited_for = ""
        self.known: dict[Path, Stamp] = {}
        self.growing: dict[Path, Stamp] = {}
        self.landed = time.monotonic()
        self.next_thought = 0.0
        self.counts = Counter(files=0, rows=0, refreshes=0, whole_builds=0)

    # -------------------------------------------------------------------- the two ways
    def once(self) -> None:
        """Take what has landed, and bring up the rest; what goes wrong is raised."""
        self.begin()
        self.turn(self.stamps())
        if self.is_behind():
            self.catch_up()
            self.child.wait()
            if not self.caught_up():
                raise UserError(
                    "The whole build failed; readers keep what they had.",
                    "Mend what is named above, then run it again.",
                )

    def forever(self, quiet: float) -> None:
        """Look, take, bring up the rest; what goes wrong is said, and it goes on."""
        self.begin()
        with self._going_on():
            self.turn(self.stamps(), quietly=True)
        self._say(f"ready, watching {self.landing}; Ctrl-C ends it", "dim")
        while True:
            with self._going_on():
                self.look(quiet)
            time.sleep(PAUSE)

    def look(self, quiet: float) -> None:
        """One look: files that are whole are taken; else the rest is brought up.

        Args:
            quiet: Seconds without a new file after which the rest is brought up.
        """
        if self.child and self.child.poll() is not None:
            self.caught_up()
        files = self.ready()
        overdue = self.child and time.monotonic() - self.child_began > PATIENCE
        if files and not overdue:
            self.stop()
            self.turn(files)
        elif not (self.growing or self.child):
            now = time.monotonic()
            if now >= max(self.landed + quiet, self.next_thought):
                self.next_thought = now + THOUGHT
                if self.is_behind() and inputs(self.target) != self.failed_on:
                    self.catch_up()

    def begin(self) -> None:
        """Read the project; again, if it is another than it was."""
        if self.live is None or self.live.project != inputs(self.target)["project"]:
            with self.console.status("reading the project"):
                self.live = Live(self.target, self.wanted)

    # ----------------------------------------------------------------------- the files
    def stamps(self) -> dict[Path, Stamp]:
        """The files in landing with size and time of the last change."""
        found = {}
        for folder, folders, names in os.walk(self.landing):
            folders[:] = [name for name in folders if not name.startswith(".")]
            for name in names:
                if not name.startswith((".", "~$")):
                    path = Path(folder, name)
                    with contextlib.suppress(FileNotFoundError):
                        stat = path.stat()
                        found[path] = stat.st_size, stat.st_mtime_ns
        return found

    def ready(self) -> dict[Path, Stamp]:
        """New and changed files, if those of their source have come to rest."""
        now = self.stamps()
        new = {p: s for p, s in now.items() if self.known.get(p) != s}
        moving = {self._source(p) for p, s in new.items() if self.growing.get(p) != s}
        self.growing = new
        if new:
            self.landed = time.monotonic()
        return {p: s for p, s in new.items() if self._source(p) not in moving}

    def _source(self, path: Path) -> str:
        return path.relative_to(self.landing).parts[0]

    # ------------------------------------------------------------------------- a turn
    def turn(self, files: dict[Path, Stamp], quietly: bool = False) -> Turn:
        """Load files, refresh what they touch, publish, and say so.

        Args:
            files: Files that are whole, with their stamps.
            quietly: Say nothing where nothing was new.

        Returns:
            What was done.

        Raises:
            UserError: The file cannot be loaded, or a model, test or check failed.
            BusyError: Another command is at work in the data folder.
        """
        done = Turn()
        # Changed, or renamed: the later of both is when a file came to lie here.
        landed = max((_landed(path) for path in files), default=time.time())
        began = time.time()
        with work("watch", self.data) as told:
            self.known |= files
            self.growing = {}
            loaded = load(self._sources(files), self.target)
            done.rows = loaded.total("loaded")
            done.files = [path.relative_to(self.landing).as_posix() for path in files]
            names = tuple(done.files)
            refused = [one for one in loaded.refused if one.file.startswith(names)]
            done.refused = [refusal.file for refusal in refused]
            self._say_refused(refused)
            self.begin()
            base = self.base()
            if base and moved_tables(base.made_of, inputs(self.target)):
                done.refreshed = self.live.refresh(base)
            seen = time.time()
            # A file that lay here before the watch began did not land just now.
            done.seconds = seen - (landed if began - landed < PATIENCE else began)
            told |= {"files": len(files), "rows": done.rows}
            told["seconds_to_visible"] = round(done.seconds, 3)
        self.counts["files"] += loaded.total("files")
        self.counts["rows"] += done.rows
        self.counts["refreshes"] += done.refreshed is not None
        if loaded.is_changed or not quietly:
            self._say_turn(done, loaded)
        return done

    def _sources(self, files: dict[Path, Stamp]) -> list[str]:
        known = {path.name for path in (PROJECT / "models/staging").iterdir()}
        return sorted({self._source(path) for path in files} & known)

    def base(self) -> Base | None:
        """The build to refresh from; None if a whole build must come first."""
        memory = last_build(self.target)
        if memory.get("success") and build_is_newest(self.target):
            file = warehouse_file(self.target)
            if base := self.live.base_of(file, memory.get("made_of")):
                return base
        return self.live.base_of(self.copy, self.copy_made_of)

    # ------------------------------------------------------------------------ the rest
    def is_behind(self) -> bool:
        """Whether what readers see is not all that lake and project would give."""
        base = self.base()
        now = inputs(self.target)
        return base is None or base.made_of != now

    def catch_up(self) -> None:
        """Begin a whole `warehouse run` in a process of its own.

        What is the base now is copied first: if a file lands meanwhile, the run is
        ended, and the file's refresh starts from the copy.
        """
        base = self.base()
        if base and base.file != self.copy:
            with work("watch", self.data):
                copy_file(base.file, self.copy)
                self.copy_made_of = base.made_of
        handle, name = tempfile.mkstemp(prefix="warehouse-watch-", suffix=".log")
        self.said = Path(name)
        with os.fdopen(handle, "w") as log:
            self.child = subprocess.Popen(
                [sys.executable, *WHOLE, "--target", self.target],
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env=os.environ
                | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                # Ctrl-C is for the watch; it ends its child itself.
                start_new_session=True,
            )
        self.child_began = time.monotonic()

    def caught_up(self) -> bool:
        """Say what came of the whole build that has ended.

        Returns:
            Whether readers have it.
        """
        seconds = time.monotonic() - self.child_began
        code, self.child = self.child.returncode, None
        lines = self.said.read_text(encoding="utf-8", errors="replace").splitlines()
        self.said.unlink(missing_ok=True)
        if code == 0:
            self.counts["whole_builds"] += 1
            self.copy.unlink(missing_ok=True)
            self.copy_made_of = self.failed_on = None
            self._say(f"everything is up to date, in {seconds:.0f} s", "green")
            return True
        self.failed_on = inputs(self.target)
        self._say("the whole build failed; readers keep what they had", "bold red")
        for line in [line for line in lines if line.strip()][-SHOWN_LINES:]:
            self.console.print(f"    {escape(line)}", soft_wrap=True, highlight=False)
        return False

    def stop(self) -> None:
        """End a whole build that is under way; nothing of it is published."""
        if self.child is None:
            return
        self.child.terminate()
        try:
            self.child.wait(5)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
        self.child = None
        self.said.unlink(missing_ok=True)

    def close(self) -> None:
        """End what is under way, and leave no copy behind."""
        self.stop()
        self.copy.unlink(missing_ok=True)

    # ------------------------------------------------------------------ what it says
    def _say(self, words: str, style: str = "") -> None:
        moment = datetime.now().strftime("%H:%M:%S")
        text = f"[{style}]{escape(words)}[/]" if style else words
        self.console.print(f"[dim]{moment}[/]  {text}", highlight=False, soft_wrap=True)

    def _say_turn(self, done: Turn, loaded: LoadResult) -> None:
        names = escape(done.files[0]) if len(done.files) == 1 else _files(done)
        rows = f"{done.rows:,} row{'' if done.rows == 1 else 's'}"
        if not loaded.is_changed:
            if not done.refused:
                self._say(f"{names}  [dim]nothing new in it[/]")
            return
        if done.refreshed is None:
            self._say(f"{names}  {rows}  [dim]comes with the next whole build[/]")
            return
        new = done.refreshed
        self._say(
            f"[bold green]visible after {done.seconds:.1f} s[/]  {names}  {rows}  "
            f"{len(new.kpis)} KPIs, {new.values:,} values, {new.tests} tests"
        )

    def _say_refused(self, refused: list[Refusal]) -> None:
        for refusal in refused:
            self._say(f"[bold red]refused[/] {escape(refusal.file)}")
            for words in filter(None, (refusal.message, refusal.hint)):
                self.console.print(f"          {escape(words)}", soft_wrap=True)

    @contextlib.contextmanager
    def _going_on(self) -> Iterator[None]:
        """Say what went wrong, once, and go on."""
        try:
            yield
        except BusyError as error:
            if self.waited_for != error.message:
                self._say(f"waiting: {error.message}", "yellow")
            self.waited_for = error.message
        except UserError as error:
            self._say(f"[bold red]failed[/] {escape(error.message)}")
            if error.hint:
                self.console.print(f"          {escape(error.hint)}", soft_wrap=True)
        else:
            self.waited_for = ""


def _files(done: Turn) -> str:
    sources = sorted({name.split("/")[0] for name in done.files})
    return f"{len(done.files):,} files of {', '.join(sources)}"


def _landed(path: Path) -> float:
    try:
        return path.stat().st_ctime
    except FileNotFoundError:
        return time.time()


@contextlib.contextmanager
def _terminable() -> Iterator[None]:
    """What a service manager sends to end it is as good as Ctrl-C."""

    def end(*_) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
