"""Kills, full disks, locks, clocks: nothing is lost, and readers never notice.

What went wrong is said in words.
"""

import csv
import datetime as dt
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb
import polars
import pytest
from shop import ADDRESS, PARSED, PROJECT, Shop, read_project
from test_cli import make_warehouse, silent

from warehouse import load as loading
from warehouse import publish as publishing
from warehouse.check import check
from warehouse.errors import MachineError, UserError
from warehouse.machine import in_words
from warehouse.publish import publish, rollback
from warehouse.work import LARGEST_LOG, work

FIXTURE = PROJECT / "tests/fixtures/tiny_shop"
# How many processes are killed: most of them while they load or publish. Two hundred
# and more take some minutes.
KILLS = int(os.environ.get("WAREHOUSE_TEST_KILLS", "20"))
SEED = int(os.environ.get("WAREHOUSE_TEST_SEED", "7"))
IN_A_ROW = 3  # at most, before the command is left alone
# What is built to be killed; the whole warehouse would take minutes.
PART = ["-s", "+int_orders", "-s", "+int_products"]
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a disk")


class Nursery:
    """The process that forks commands; see nursery.py."""

    def __init__(self, target: Path):
        self.target = target
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("nursery.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={
                **os.environ,
                "WAREHOUSE_DATA": str(ADDRESS),
                "WAREHOUSE_TARGET": "dev",
                "DBT_TARGET_PATH": str(target),
                # A part of the models is built: only tests of these.
                "DBT_INDIRECT_SELECTION": "cautious",
                "PYTHONPATH": str(PROJECT / "scripts"),
            },
        )

    def _ask(self, **asked) -> dict:
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def parse(self) -> None:
        """Read dbt's project once for all."""
        assert self._ask(parse=True)["code"] == 0

    def run(self, data: Path, *words: str, code: int | None = 0, **more) -> dict:
        """A command on a data folder; its exit code must be `code`, if one is given."""
        ADDRESS.unlink(missing_ok=True)
        ADDRESS.symlink_to(data)
        done = self._ask(words=words, **more)
        assert "Traceback" not in done["said"], done["said"]
        if not done["killed"] and code is not None:
            assert done["code"] == code, done["said"]
        return done


@pytest.fixture(scope="module")
def nursery(tmp_path_factory):
    nursery = Nursery(tmp_path_factory.mktemp("target"))
    yield nursery
    nursery.process.stdin.close()
    nursery.process.wait()


class Killer:
    """Kills commands at random moments and counts where they died.

    Args:
        nursery: Where the commands live.
        data: The data folder.
        words: The command.
        seed: Of the moments.
    """

    def __init__(self, nursery: Nursery, data: Path, words: list[str], seed: str):
        self.nursery, self.data, self.words = nursery, data, words
        self.draw = random.Random(f"{SEED} {seed}")
        self.died: dict[str, int] = {}
        self.begins, self.ends = 0.0, 1.0  # seconds after the fork

    @property
    def killed(self) -> int:
        return sum(self.died.values())

    def kill_some(self, where) -> None:
        """Begin the command and kill it, up to a few times in a row."""
        for _ in range(self.draw.randint(1, IN_A_ROW)):
            delay = self.draw.uniform(self.begins, self.ends)
            done = self.nursery.run(self.data, *self.words, kill_after=delay)
            if not done["killed"]:
                self._learn(done)
                return
            place = where()
            self.died[place] = self.died.get(place, 0) + 1

    def leave_alone(self) -> str:
        """Let the command end; what it said."""
        done = self.nursery.run(self.data, *self.words)
        self._learn(done)
        return done["said"]

    def _learn(self, done: dict) -> None:
        """When the step begins and ends: what comes before is Python's, not ours."""
        self.ends = done["seconds"]
        self.begins = max(0.0, self.ends - log(self.data)[-1]["seconds"])

    def told(self) -> str:
        places = ", ".join(f"{n} {place}" for place, n in sorted(self.died.items()))
        return f"{' '.join(self.words)}: killed {self.killed} times: {places}"


def log(data: Path) -> list[dict]:
    """The lines of the log of runs."""
    lines = (data / "logs" / "runs.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def leftovers(data: Path) -> list[str]:
    """Hidden or half-made files and folders; the lock and the log are none."""
    mine = {".lock", "runs.jsonl"}
    found = [
        path.relative_to(data).as_posix()
        for path in data.rglob("*")
        if path.name.startswith(".") or "partial" in path.name or "draft" in path.name
    ]
    return sorted(name for name in found if Path(name).name not in mine)


# -------------------------------------------------------------------------------- load


def land(data: Path, version: int) -> None:
    """The tiny shop's exports; in the second version rows are changed, gone and broken,
    a file is gone and one is new."""
    folder = data / "landing" / "flat"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for path in FIXTURE.glob("*.csv"):
        if path.name != "expected.csv":
            shutil.copy(path, folder)
    if version == 2:
        (folder / "calls.csv").unlink()
        for name in ("orders.csv", "products.csv"):
            rows = (folder / name).read_text().splitlines()
            (folder / name).write_text("\n".join(rows[:-1]) + "\n")
        payments = (folder / "payments.csv").read_text()
        (folder / "payments.csv").write_text(payments + "one,cell too few\n")
        shutil.copy(folder / "reviews.csv", folder / "reviews_late.csv")
        with (folder / "reviews_late.csv").open("a") as file:
            file.write(",".join("x" * len(payments.splitlines()[0].split(","))) + "\n")
    for path in folder.iterdir():
        os.utime(path, (1_790_000_000 + version, 1_790_000_000 + version))


def lake(data: Path) -> dict[str, polars.DataFrame]:
    """Every file of the lake, without the moments of loading."""
    return {
        path.relative_to(data / "lake").as_posix(): (
            rows := polars.read_parquet(path).drop(
                "_loaded_at", "loaded_at", strict=False
            )
        ).sort(rows.columns)
        for path in sorted((data / "lake").rglob("*.parquet"))
    }


def same(one: dict[str, polars.DataFrame], other: dict[str, polars.DataFrame]) -> bool:
    return one.keys() == other.keys() and all(one[k].equals(other[k]) for k in one)


def test_loads_that_are_killed_end_in_the_undisturbed_lake(nursery, tmp_path, capsys):
    """Two versions of the exports in turn; ledger and rejects are part of the lake."""
    undisturbed = {}
    for version in (1, 2):
        land(tmp_path / "still", version)
        code = 0 if version == 1 else None
        nursery.run(tmp_path / "still", "load", "--prune", code=code)
        undisturbed[version] = lake(tmp_path / "still")
    assert not same(*undisturbed.values())
    assert any(len(t) for p, t in undisturbed[2].items() if p.startswith("loader/rej"))

    data = tmp_path / "data"
    land(data, 1)
    killer = Killer(nursery, data, ["load", "--prune"], "load")
    killer.leave_alone()
    work_place = data / "lake" / ".loading"

    def where() -> str:
        if (work_place / "journal.json").exists():
            return "while renaming"
        return "while reading" if any(work_place.glob("*/*.parquet")) else "before"

    version = 1
    while killer.killed < KILLS * 0.45:
        version = 3 - version
        land(data, version)
        killer.kill_some(where)
        killer.leave_alone()
        assert same(lake(data), undisturbed[version]), killer.told()
        assert leftovers(data) == [], killer.told()
    with capsys.disabled():
        print(f"\n{killer.told()}")


# ----------------------------------------------------------------------------- publish


def private(folder: Path, number: int) -> None:
    """A built warehouse in which everything holds a number."""
    make_warehouse(
        folder,
        f"""
        create or replace table fct_orders as
            select 's1:' || i as order_id, 'c_ann' as customer_id, {number} as sales
            from range({number * 10}) as rows (i);
        create or replace table kpi_values as
            select * replace ({number}::double as value,
                timestamp '2026-08-01' as period_start)
            from kpi_values;
        insert into dim_periods values ('month', '2026-08-01', '2026-08-31', 31, 31,
            false, true);
        """,
    )
    check(silent(), "dev")  # else it would be what dies of most kills


def seen(published: Path) -> int:
    """The number that readers see."""
    return held((published / "current").resolve())


def held(current: Path) -> int:
    """The one number of a publication: in tables, views, Parquet and manifest."""
    with duckdb.connect(str(current / "warehouse.duckdb"), read_only=True) as reader:
        numbers = reader.execute(
            f"""select max(sales), count(*) // 10, (select max(value) from kpi_orders),
                (select max(value) from '{current}/parquet/kpi_values.parquet')
            from fct_orders"""
        ).fetchall()[0]
    manifest = json.loads((current / "manifest.json").read_text())
    assert manifest["build_id"] == current.name
    told = {*map(int, numbers), manifest["tables"]["fct_orders"] // 10}
    assert len(told) == 1, told
    return told.pop()


def test_publications_that_are_killed_are_seen_whole_or_not_at_all(
    nursery, tmp_path, monkeypatch, capsys
):
    """At the moment of the kill readers see the old or the new build; after a rerun the
    new one, with every restatement once, and nothing is left over."""
    monkeypatch.setenv("WAREHOUSE_DATA", str(tmp_path))
    published = tmp_path / "published"
    private(tmp_path, 1)
    killer = Killer(nursery, tmp_path, ["publish"], "publish")
    killer.leave_alone()
    number, moved = 1, 0

    def where() -> str:
        assert seen(published) in (number - 1, number)
        if seen(published) == number:
            return "after the switch"
        is_writing = any(published.glob(".*.partial"))
        return "while writing" if is_writing else "before"

    while killer.killed < KILLS * 0.45:
        number += 1
        private(tmp_path, number)
        killer.kill_some(where)
        killer.leave_alone()
        assert seen(published) == number, killer.told()
        moved += 1
        with duckdb.connect(str(published / "current/warehouse.duckdb")) as reader:
            log = reader.sql("select old_value, new_value from restatements").fetchall()
        assert sorted(log) == [(n, n + 1) for n in range(1, number)], killer.told()
        builds = sorted(p for p in published.iterdir() if not p.is_symlink())
        assert len(builds) <= publishing.KEPT_BUILDS
        assert (published / "current").resolve() == builds[-1]
        for build in builds:  # any of them may be rolled back to
            assert held(build) <= number
        assert leftovers(tmp_path) == [], killer.told()
        assert not list(tmp_path.rglob("*.wal"))
    with capsys.disabled():
        print(f"\n{killer.told()}")


# ------------------------------------------------------------------------------- build


def tables(data: Path) -> dict[str, tuple]:
    """Rows and a sum over the content of every table; numbers to six digits."""
    found = {}
    path = str(data / "warehouse.duckdb")
    with duckdb.connect(path, read_only=True) as connection:
        columns = connection.execute(
            "select table_name, list(case when data_type in ('DOUBLE', 'FLOAT')"
            " then 'round(' || column_name || ', 6)' else column_name end)"
            " from duckdb_columns() where not internal group by table_name"
        ).fetchall()
        for table, names in columns:
            found[table] = connection.execute(
                f"select count(*), bit_xor(hash({', '.join(names)})) from {table}"
            ).fetchall()[0]
    return found


@pytest.fixture(scope="module")
def parsed(nursery, tmp_path_factory):
    """The nursery, when it has read dbt's project; what other shops read is used."""
    with Shop(tmp_path_factory.mktemp("parsed")).surroundings():
        read_project()
    shutil.copy(PARSED, nursery.target)
    nursery.parse()
    return nursery


def test_builds_that_are_killed_end_in_the_undisturbed_warehouse(
    parsed, tmp_path, capsys
):
    """Two versions of the exports in turn; what a kill left is not published."""
    undisturbed = {}
    for version in (1, 2):
        still = tmp_path / f"still_{version}"
        land(still, version)
        parsed.run(still, "load", code=None)
        parsed.run(still, "build", *PART)
        undisturbed[version] = tables(still)
    assert undisturbed[1].keys() == undisturbed[2].keys()
    assert undisturbed[1] != undisturbed[2]

    data = tmp_path / "data"
    shutil.copytree(tmp_path / "still_1", data)
    killer = Killer(parsed, data, ["build", *PART], "build")
    killer.ends = log(data)[-1]["seconds"] + 0.1
    aside = data / "warehouse.duckdb.wal"

    def where() -> str:
        return "while writing" if aside.exists() else "before or after"

    version = 1
    while killer.killed < KILLS * 0.1:
        version = 3 - version
        shutil.rmtree(data / "lake")
        shutil.copytree(tmp_path / f"still_{version}" / "lake", data / "lake")
        killer.kill_some(where)
        if aside.exists():
            said = parsed.run(data, "publish", code=1)["said"]
            assert "did not pass" in said or "changed after" in said
        killer.leave_alone()
        assert tables(data) == undisturbed[version], killer.told()
        assert leftovers(data) == [], killer.told()
        assert not list(data.glob("warehouse.duckdb.*")), killer.told()
    with capsys.disabled():
        print(f"\n{killer.told()}")


# -------------------------------------------------------------------------------- lock


HOLD = """
import sys, time
from pathlib import Path
from warehouse.work import work
with work("build", Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""
VERBS = ("run", "load", "build", "check", "publish", "report", "rollback")


def test_who_comes_second_is_told_who_is_at_work(nursery, tmp_path):
    """Every command that changes something; a killed holder holds nothing."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(PROJECT / "scripts")},
        text=True,
    )
    try:
        assert holder.stdout.readline() == "held\n"
        for verb in [*VERBS, "forget ann@example.com"]:
            said = nursery.run(tmp_path, *verb.split(), code=4)["said"]
            assert f"warehouse build (process {holder.pid} on " in said, verb
            assert str(dt.date.today().year) in said
            assert "What to do: Wait" in said
        refused = [row for row in log(tmp_path) if row["outcome"] == "refused"]
        assert [row["step"] for row in refused] == [*VERBS, "forget"]
        assert not list(tmp_path.glob("lake")), "a refused command did something"
    finally:
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    nursery.run(tmp_path, "load")
    (killed,) = [row for row in log(tmp_path) if row["outcome"] == "killed"]
    assert f"process {holder.pid}" in killed["step"]
    assert (tmp_path / ".lock").read_text() == ""


def test_a_program_in_the_warehouse_file_is_named(nursery, tmp_path, monkeypatch):
    """It is opened for reading by this process."""
    monkeypatch.setenv("WAREHOUSE_DATA", str(tmp_path))
    make_warehouse(tmp_path)
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")):
        said = nursery.run(tmp_path, "check", code=4)["said"]
    assert f"(python3.11, process {os.getpid()})" in said or "process" in said
    assert "published/current/warehouse.duckdb" in said


# --------------------------------------------------------------- the machine's refusals


@pytest.fixture
def disk(tmp_path):
    """A small disk of its own: call it with a size, as in `64k`, and it has that."""
    folder = tmp_path / "disk"
    folder.mkdir()

    def mount(options: str) -> Path:
        again = "remount," if os.path.ismount(folder) else ""
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", again + options, "tmpfs", str(folder)],
            check=True,
        )
        return folder

    try:
        mount("size=8m")
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no disk can be mounted here")
    yield mount
    subprocess.run(["umount", str(folder)], check=True)


def fill(folder: Path, left: int) -> Path:
    """Leave so many bytes free."""
    filler = folder / "filler"
    with filler.open("wb") as file:
        file.truncate(0)
        free = shutil.disk_usage(folder).free
        file.write(b"\0" * max(free - left, 0))
    return filler


@AS_ROOT
def test_a_full_disk_under_the_lake(nursery, disk):
    """The load says so, the lake is as it was; with room again everything is in."""
    data = disk("size=8m")
    land(data, 1)
    nursery.run(data, "load")
    before = lake(data)
    land(data, 2)
    for left in (0, 8_000, 16_000):
        filler = fill(data, left)
        said = nursery.run(data, "load", "--prune", code=3)["said"]
        assert "There is no room on the disk" in said and "Make room" in said
        filler.unlink()
        assert same(lake(data), before)
    assert nursery.run(data, "load", "--prune", code=None)["code"] in (0, 1)
    assert not same(lake(data), before)
    assert leftovers(data) == []


@AS_ROOT
def test_a_full_disk_under_what_is_published(nursery, disk, monkeypatch):
    """Readers keep what they had, and nothing of the new build is left."""
    data = disk("size=24m")
    monkeypatch.setenv("WAREHOUSE_DATA", str(data))
    private(data, 1)
    nursery.run(data, "publish")
    private(data, 2)
    for left in (0, 300_000, 900_000):
        filler = fill(data, left)
        said = nursery.run(data, "publish", code=3)["said"]
        assert "There is no room on the disk" in said
        assert seen(data / "published") == 1
        assert leftovers(data) == []
        filler.unlink()
    nursery.run(data, "publish")
    assert seen(data / "published") == 2


@AS_ROOT
def test_a_full_disk_under_a_build(parsed, disk):
    """dbt's many failures are one sentence; with room again the build is whole."""
    data = disk("size=64m")
    land(data, 1)
    parsed.run(data, "load")
    filler = fill(data, 400_000)
    said = parsed.run(data, "build", *PART, code=3)["said"]
    assert said.count("There is no room on the disk") == 1
    filler.unlink()
    parsed.run(data, "build", *PART)


@AS_ROOT
def test_a_disk_that_can_only_be_read(nursery, disk, monkeypatch):
    """Nothing is written, readers read on."""
    data = disk("size=24m")
    monkeypatch.setenv("WAREHOUSE_DATA", str(data))
    private(data, 1)
    nursery.run(data, "publish")
    disk("size=24m,ro")
    for verb in VERBS:
        said = nursery.run(data, verb, code=3)["said"]
        assert "lies on a disk that can only be read" in said
    nursery.run(data, "status")
    assert seen(data / "published") == 1
    disk("size=24m,rw")
    nursery.run(data, "publish")


@AS_ROOT
def test_who_lacks_a_permission_is_told_whose_folder_it_is(nursery):
    """By their names; a landed file that may not be read is refused alone."""
    nobody = 65534
    with tempfile.TemporaryDirectory() as folder:  # pytest's own is root's alone
        data = Path(folder) / "data"
        land(data, 1)
        for path in (ADDRESS.parent, Path(folder)):
            path.chmod(0o755)
        said = nursery.run(data, "load", user=nobody, code=3)["said"]
        assert f"The user nobody lacks the permission for {data}" in said
        assert "belongs to root" in said
        os.chown(data, nobody, nobody)
        secret = data / "landing/flat/orders.csv"
        secret.chmod(0o600)
        said = nursery.run(data, "load", user=nobody, code=1)["said"]
        assert "orders.csv cannot be read: Permission denied" in said
        secret.chmod(0o644)
        nursery.run(data, "load", user=nobody)
        assert (
            len(lake(data)["loader/files/ledger.parquet"])
            == len(list(FIXTURE.glob("*.csv"))) - 1
        )


def test_what_needs_too_much_memory_says_how_to_give_more(till, monkeypatch):
    """The load stops as it was, and takes the file when there is more."""
    till.write("clerks.csv", "clerk,hours\nann,1\n")
    till.load()
    till.write("sales.csv", f"id,note\n1,{'x' * 30_000_000}\n")
    monkeypatch.setenv("WAREHOUSE_MEMORY", "20MB")
    with pytest.raises(MachineError, match="WAREHOUSE_MEMORY=20MB") as stopped:
        till.load()
    assert "WAREHOUSE_MEMORY=4GB" in stopped.value.hint
    assert len(till.query("loader/files")) == 1
    monkeypatch.delenv("WAREHOUSE_MEMORY")
    assert till.load().refused == []
    assert len(till.query("loader/files")) == 2


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (
            OSError(28, "No space left on device", "/x/y"),
            3,
            "no room on the disk of",
        ),
        (OSError(122, "Disk quota exceeded"), 3, "no room"),
        (OSError(27, "File too large", "/x/y"), 3, "ulimit -f"),
        (OSError(24, "Too many open files"), 3, "ulimit -n"),
        (OSError(5, "Input/output error", "/x/y"), 3, "does not read or write"),
        (MemoryError(), 3, "more memory"),
        ("Out of Memory Error: could not allocate block", 3, "WAREHOUSE_MEMORY=4GB"),
        ("max_temp_directory_size … Out of Memory Error", 3, "no room to help out"),
        (
            'IO Error: Could not set lock on file "/x/w.duckdb": Conflicting lock is '
            "held in /usr/bin/python3 (PID 7)",
            4,
            "(python3, process 7)",
        ),
    ],
)
def test_the_machines_troubles_in_words(error, kind, words, tmp_path):
    """Whoever wraps the system's sentence."""
    found = in_words(error, tmp_path)
    assert found.exit_code == kind
    assert words in f"{found.message} {found.hint}"
    assert in_words("Binder Error: no such column", tmp_path) is None
    assert in_words(KeyError("x"), tmp_path) is None


# ------------------------------------------------------------------ files that move


CHANGES = {
    "grows": lambda path: path.write_text(path.read_text() + "3,9\n"),
    "is another of the same size": lambda path: path.write_text("id,amount\n7,8\n"),
    "is replaced": lambda path: (
        path.with_name(".new").write_text("id,amount\n5,6\n6,7\n"),
        path.with_name(".new").replace(path),
    ),
    "is emptied": lambda path: path.write_text(""),
}


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("change", CHANGES)
def test_a_file_that_changes_while_it_is_read(till, monkeypatch, change, moment):
    """It is refused, what was loaded of it before stays, the next load takes it."""
    till.write("clerks.csv", "clerk,hours\nann,1\n")
    path = till.write("sales.csv", "id,amount\n0,1\n")
    till.load()
    till.write("sales.csv", "id,amount\n1,2\n")
    read = loading.readers.read

    def disturbed(*told):
        if moment == "before":
            CHANGES[change](path)
        output = read(*told)
        if moment == "after":
            CHANGES[change](path)
        return output

    monkeypatch.setattr(loading.readers, "read", disturbed)
    result = till.load()
    assert [refusal.file for refusal in result.refused] == ["till/sales.csv"]
    assert "changed while it was read" in result.refused[0].message
    assert till.sales("id") == ["0"]
    monkeypatch.setattr(loading.readers, "read", read)
    if change == "is emptied":
        path.write_text("id,amount\n1,2\n")
    assert till.load().refused == []
    assert till.sales("id") == [
        row["id"] for row in csv.DictReader(path.read_text().splitlines())
    ]


def test_a_file_that_leaves_while_it_is_read(till, monkeypatch):
    """Its rows of before stay, and the other files are loaded."""
    path = till.write("sales.csv", "id,amount\n0,1\n")
    till.load()
    till.write("sales.csv", "id,amount\n1,2\n")
    till.write("clerks.csv", "clerk,hours\nann,1\n")
    survey = loading.survey

    def vanishing(found):
        path.unlink(missing_ok=True)
        return survey(found)

    monkeypatch.setattr(loading, "survey", vanishing)
    result = till.load()
    assert "left the landing folder" in result.refused[0].message
    assert till.sales("id") == ["0"]
    assert len(till.query("till/clerks")) == 1
    monkeypatch.undo()
    assert till.load().refused == []


# ------------------------------------------------------------------------------- clocks


class Clock(dt.datetime):
    """A clock that somebody sets."""

    shown = dt.datetime(2026, 5, 1, tzinfo=dt.UTC)

    @classmethod
    def now(cls, tz=None):
        return cls.shown


def test_a_clock_that_is_set_back_does_not_turn_builds_around(tmp_path, monkeypatch):
    """Ids stay sorted and unique, the newest three stay, back means back."""
    monkeypatch.setenv("WAREHOUSE_DATA", str(tmp_path))
    monkeypatch.setattr(publishing, "datetime", Clock)
    private(tmp_path, 1)
    ids = []
    for days in (0, -1, -300, 0, 0, 2):
        Clock.shown += dt.timedelta(days)
        ids.append(publish(silent())["build_id"])
    assert ids == sorted(set(ids))
    kept = sorted(p.name for p in (tmp_path / "published").glob("2*"))
    assert kept == ids[-3:]
    assert rollback(silent()) == ids[-2]


@pytest.mark.parametrize("year", [1970, 2099])
def test_a_file_whose_time_cannot_be_counts_as_written_when_it_came(till, year):
    """Else one of 1970 would never count, and one of 2099 for ever."""
    moment = dt.datetime(year, 1, 2, tzinfo=dt.UTC).timestamp()
    begun = dt.datetime.now(dt.UTC).replace(tzinfo=None)
    odd = till.write("sales.csv", "id\n1\n")
    os.utime(odd, (moment, moment))
    result = till.load()
    assert any(f"was written in {year}" in note for note in result.notes)
    (landed,) = till.sales("_landed_at")
    assert begun <= landed <= dt.datetime.now(dt.UTC).replace(tzinfo=None)
    till.contract(Remark="Speech")  # read anew, it keeps its place among the files
    till.load()
    assert till.sales("_landed_at") == [landed]


# ---------------------------------------------------------------------------- the log


def test_the_log_says_what_came_of_each_step(nursery, tmp_path, monkeypatch):
    """One run's lines hang together; a failure has its words and its exit code."""
    monkeypatch.setenv("WAREHOUSE_DATA", str(tmp_path))
    nursery.run(tmp_path, "publish", code=1)
    private(tmp_path, 1)
    (tmp_path / "warehouse.check.json").unlink()
    nursery.run(tmp_path, "publish")
    nursery.run(tmp_path, "publish", "--no-such", code=2)
    failed, _, done = (
        [row for row in log(tmp_path) if row["run"] == run]
        for run in dict.fromkeys(row["run"] for row in log(tmp_path))
    )
    assert [(row["step"], row["outcome"]) for row in failed] == [
        ("publish", "started"),
        ("publish", "failed"),
    ]
    assert failed[-1]["error"].startswith("There is no warehouse to publish")
    assert failed[-1]["exit_code"] == 1
    assert [(row["step"], row["outcome"]) for row in done] == [
        ("publish", "started"),
        ("check", "started"),
        ("check", "ok"),
        ("publish", "ok"),
    ]
    assert done[-1]["build_id"] == (tmp_path / "published/current").resolve().name
    assert done[-1]["seconds"] > 0 and done[-1]["tables"] > 3


def test_neither_log_nor_terminal_holds_a_secret(nursery, tmp_path):
    """An e-mail in a file's name and in its rows; the salt in an error of DuckDB."""
    salt = "a-salt-that-nobody-knows"
    land(tmp_path, 1)
    path = tmp_path / "landing/flat/orders_of_ann@example.com.csv"
    path.write_text("no,header\nann@example.com,1\n")
    nursery.run(tmp_path, "load", code=1, environment={"WAREHOUSE_SALT": salt})
    os.environ["WAREHOUSE_SALT"] = salt
    try:
        with pytest.raises(ValueError), work("build", tmp_path):
            raise ValueError(f"in sha256('{salt}' || 'ann@example.com')")
    finally:
        del os.environ["WAREHOUSE_SALT"]
    text = (tmp_path / "logs" / "runs.jsonl").read_text()
    assert "(an e-mail)" in text and "(the salt)" in text
    assert "@" not in text and salt not in text
    assert all(log(tmp_path))


def test_the_log_mends_a_line_that_was_cut_off_and_begins_anew(tmp_path):
    """By a full disk, or because it is long enough."""
    with work("load", tmp_path):
        pass
    path = tmp_path / "logs" / "runs.jsonl"
    with path.open("a") as file:
        file.write('{"at": "20')
    with pytest.raises(UserError), work("load", tmp_path):
        raise UserError("Something is wrong.")
    assert [line[-1] for line in path.read_text().splitlines()] == [*"}}0}}"]
    path.write_text("x" * LARGEST_LOG + "\n")
    with work("load", tmp_path):
        pass
    assert len(log(tmp_path)) >= 1
    assert (path.with_name("runs.before.jsonl")).stat().st_size > LARGEST_LOG
