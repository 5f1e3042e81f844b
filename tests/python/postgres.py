"""A real PostgreSQL server, where its programs are installed: a cluster of its own."""

import getpass
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

SECRET = "pa:ss/wo%rd"
PLACES = "/usr/lib/postgresql/*/bin"  # where Debian keeps them


def _program(name: str) -> str | None:
    found = sorted(Path("/").glob(f"{PLACES[1:]}/{name}"))
    return shutil.which(name) or (str(found[-1]) if found else None)


class Server:
    """A running cluster, reached through a socket in its own folder.

    Attributes:
        folder: Where it lives.
        databases: How many have been made.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self.databases = 0

    def dsn(self, database: str, user: str = "owner", password: str = SECRET) -> str:
        """A connection string of libpq."""
        return f"host={self.folder} dbname={database} user={user} password='{password}'"

    def database(self) -> str:
        """A new, empty database."""
        import psycopg

        self.databases += 1
        name = f"shop_{self.databases}"
        with psycopg.connect(self.dsn("postgres"), autocommit=True) as connection:
            connection.execute(f"create database {name}")
        return name


@contextmanager
def server() -> Iterator[Server]:
    """A server that starts in a second; skips the test where there is none.

    Every login needs its password, as it should be anywhere. The superuser is `owner`.
    """
    pytest.importorskip(
        "psycopg", reason="no psycopg: pip install -r requirements-postgres.txt"
    )
    initdb, pg_ctl = _program("initdb"), _program("pg_ctl")
    if not (initdb and pg_ctl):
        pytest.skip("no PostgreSQL server: apt-get install postgresql")
    # A socket's path is short, and PostgreSQL refuses to run as root.
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    user = "nobody" if os.geteuid() == 0 else getpass.getuser()
    environment = {**os.environ, "LC_ALL": "C"}

    def run(*command: str) -> None:
        done = subprocess.run(
            command,
            user=user if os.geteuid() == 0 else None,
            extra_groups=[] if os.geteuid() == 0 else None,
            cwd=folder,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert done.returncode == 0, done.stderr

    try:
        (folder / "password").write_text(SECRET)
        if os.geteuid() == 0:
            for path in (folder, folder / "password"):
                shutil.chown(path, user)
        run(
            *(initdb, "-D", "cluster", "-U", "owner", "-A", "scram-sha-256"),
            *("--pwfile", "password", "-E", "UTF8", "--no-sync"),
        )
        options = f"-k {folder} -c listen_addresses='' -c fsync=off"
        run(pg_ctl, "-D", "cluster", "-w", "-l", "log", "-o", options, "start")
        try:
            yield Server(folder)
        finally:
            run(pg_ctl, "-D", "cluster", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
