"""What a build is made of, so that a later one can tell what has changed since."""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from warehouse.paths import PROJECT, data_dir, target_name
from warehouse.people import salt

FOLDERS = ("models", "macros", "seeds", "tests")
FILES = ("dbt_project.yml", "profiles.yml")
KINDS = (".sql", ".yml", ".csv", ".py")


def inputs(target: str | None = None) -> dict:
    """The project and each table of the lake, as hashes.

    Args:
        target: A dbt target; the one in force when left out.

    Returns:
        `project`: of models, macros, seeds, data tests and the salt; `lake`: of each
        table by `source/table`. A table's hash is that of its files' names, sizes and
        times: the lake's files are never written again.
    """
    target = target or target_name()
    data = data_dir(target)
    lake = {
        folder.relative_to(data / "lake").as_posix(): _listing(folder)
        for folder in sorted((data / "lake").glob("[!.]*/*/"))
    }
    project = hash_of_files(project_files(), f"{target} {salt(target)}")
    return {"project": project, "lake": lake}


def hash_of_files(files: Iterable[Path], beside: str = "") -> str:
    """What tells files of the project, in their order, from what they were.

    Args:
        files: Their names and contents count.
        beside: What counts, too.
    """
    digest = hashlib.sha256(beside.encode())
    for path in files:
        digest.update(path.relative_to(PROJECT).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def project_files() -> Iterator[Path]:
    """The files that decide what dbt builds, in a fixed order."""
    for name in FILES:
        yield PROJECT / name
    for name in FOLDERS:
        for path in sorted((PROJECT / name).rglob("*")):
            # Python tests, and the mutations, are no part of a build.
            if path.suffix in KINDS and path.relative_to(PROJECT).parts[:2] not in (
                ("tests", "python"),
                ("tests", "mutations"),
            ):
                yield path


def moved_tables(before: dict, now: dict) -> set[str]:
    """The tables of the lake, `source/table`, that are not what they were.

    Args:
        before: What `inputs` said then.
        now: What it says now.
    """
    old, new = before["lake"], now["lake"]
    return {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)}


def _listing(folder: Path) -> str:
    told = [
        (path.name, stat.st_size, stat.st_mtime_ns)
        for path in sorted(folder.glob("*.parquet"))
        for stat in [path.stat()]
    ]
    return hashlib.sha256(repr(told).encode()).hexdigest()
