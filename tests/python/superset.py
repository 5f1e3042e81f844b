"""A real Apache Superset, where `make superset` has set one up: started, and asked."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from shop import PROJECT

START = 120  # seconds until it must answer


class Superset:
    """A client of its REST API, logged in as the administrator.

    Attributes:
        url: Where it listens.
    """

    def __init__(self, url: str):
        self.url = url
        self._session = requests.Session()
        login = {"username": "admin", "password": "admin", "provider": "db"}
        token = self._ask("post", "security/login", json=login)["access_token"]
        self._session.headers["Authorization"] = f"Bearer {token}"
        token = self._ask("get", "security/csrf_token/")["result"]
        self._session.headers.update({"X-CSRFToken": token, "Referer": url})

    def _ask(self, method: str, path: str, **arguments) -> dict:
        address = f"{self.url}/api/v1/{path}"
        answer = self._session.request(method, address, timeout=60, **arguments)
        assert answer.status_code == 200, f"{path}: {answer.text[:500]}"
        return answer.json()

    def load(self, bundle: bytes) -> None:
        """Import a ZIP of a dashboard with all that it stands on."""
        file = {"formData": ("superset.zip", bundle, "application/zip")}
        self._ask("post", "dashboard/import/", files=file)

    def charts(self) -> dict[str, int]:
        """The ids of the charts, by name."""
        found = self._ask("get", "chart/?q=(page_size:100)")["result"]
        return {chart["slice_name"]: chart["id"] for chart in found}

    def rows(self, chart: int) -> list[dict]:
        """What a chart shows, asked of the database again."""
        answer = self._ask("get", f"chart/{chart}/data/?force=true")["result"][0]
        assert not answer.get("error"), answer["error"]
        return answer["data"]

    def dashboard(self, slug: str) -> list[str]:
        """The names of the charts on a dashboard."""
        found = self._ask("get", f"dashboard/{slug}/charts")["result"]
        return [chart["slice_name"] for chart in found]


@contextmanager
def superset(folder: Path) -> Iterator[Superset]:
    """A Superset that knows nothing yet; skips the test where none is set up.

    Args:
        folder: Where it may keep its own database.
    """
    place = Path(os.environ.get("WAREHOUSE_SUPERSET", PROJECT / ".venv-superset"))
    if not (place / ".ready").exists():
        pytest.skip(
            f"no Superset in {place}: make superset (or set WAREHOUSE_SUPERSET)"
        )
    home = folder / "superset"
    shutil.copytree(place / "home", home)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with (folder / "superset.log").open("w") as log:
        running = subprocess.Popen(
            [place / "bin" / "superset", "run", "-p", str(port), "--with-threads"],
            cwd=folder,
            env={
                **os.environ,
                "PYTHONPATH": "",
                "FLASK_APP": "superset",
                "SUPERSET_HOME": str(home),
                "SUPERSET_CONFIG_PATH": str(
                    PROJECT / "analyses" / "superset" / "superset_config.py"
                ),
            },
            stdout=log,
            stderr=log,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        until = time.monotonic() + START
        while True:
            try:
                requests.get(f"{url}/health", timeout=5)
                break
            except requests.ConnectionError:
                said = (folder / "superset.log").read_text()[-2000:]
                assert running.poll() is None, said
                assert time.monotonic() < until, said
                time.sleep(0.2)
        yield Superset(url)
    finally:
        running.terminate()
        running.wait(timeout=30)
