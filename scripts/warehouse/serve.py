"""The report with filters, for a browser on this machine: read only, one process."""

import contextlib
import ipaddress
import mimetypes
import re
import socket
import threading
from collections import OrderedDict
from errno import EACCES, EADDRINUSE
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from rich.console import Console

from warehouse.errors import UserError
from warehouse.paths import data_dir, target_name
from warehouse.report.boards import BOARDS
from warehouse.report.filters import FilterError, Filters, read_filters
from warehouse.report.models import FOLDERS
from warehouse.report.published import Published
from warehouse.report.site import Site

PORT = 8642
# Choices of filters that are kept ready, each with its temporary views.
KEPT = 16
# A reader who says nothing for so long is hung up on, in seconds.
PATIENCE = 20
PAGE = re.compile(r"(?:kpi/)?\w+\.html")
LANGUAGE = re.compile(r"(?:^|&)(lang=(?:en|es|fr|ru|zh))(?:&|$)")
GET_ONLY = {"Allow": "GET, HEAD", "Connection": "close"}
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def serve(
    console: Console,
    target: str | None = None,
    host: str = "127.0.0.1",
    port: int = PORT,
    boards: Path = BOARDS,
) -> None:
    """Answer browsers until Ctrl-C.

    Args:
        console: Where to say the address, and what went wrong.
        target: A dbt target; the one in force when left out.
        host: The address to listen on; only the default keeps the network out.
        port: The port; 0 for any that is free.
        boards: The folder with the boards.

    Raises:
        UserError: If nothing is published, or the address cannot be listened on.
    """
    library = Library(data_dir(target or target_name()) / "published", boards)
    library.newest()
    server = open_server(library, host, port, console)
    shown = f"[{host}]" if ":" in host else host
    try:
        with contextlib.suppress(KeyboardInterrupt):
            console.print(
                f"the report with filters: http://{shown}:{server.server_port}/  "
                "(Ctrl-C ends it)",
                highlight=False,
                soft_wrap=True,
            )
            if not is_local(host):
                console.print(
                    "[yellow]note[/] everybody who reaches this machine can read it",
                    soft_wrap=True,
                )
            server.serve_forever(poll_interval=0.2)
    finally:
        server.server_close()
    console.print("ended")


def open_server(
    library: "Library", host: str, port: int, console: Console
) -> "ReportServer":
    """A server that listens, not yet answering.

    Raises:
        UserError: If the port is taken or not allowed, or the host is not this machine.
    """
    try:
        return ReportServer((host, port), library, console)
    except OverflowError as error:
        raise UserError(f"There is no port {port}.", "Say one to 65535.") from error
    except OSError as error:
        if error.errno == EADDRINUSE:
            raise UserError(
                f"Something else listens on port {port}.",
                f"Say another: warehouse serve --port {port + 1}",
            ) from error
        if error.errno == EACCES:
            raise UserError(
                f"Port {port} is kept for the system.", "Say one from 1024 on."
            ) from error
        raise UserError(
            f"This machine has no address {host!r}.",
            "Leave --host out for this machine alone; 0.0.0.0 is all its addresses.",
        ) from error


def is_local(host: str) -> bool:
    """Whether only this machine reaches an address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Library:
    """The publication that readers see now, and what they asked of it.

    A new publication is noticed with the next page; who is reading finishes with the
    one before. Readers have the published file open, never the one that is built.

    Args:
        published: The folder with `current`.
        boards: The folder with the boards; read anew for every page.
    """

    def __init__(self, published: Path, boards: Path):
        self.published, self.boards = published, boards
        self._lock = threading.Lock()
        self._whole: Published | None = None
        self._narrowed: OrderedDict[Filters, Published] = OrderedDict()
        # One reader at a time asks a connection; the other choices wait for nobody.
        self._turns: dict[Published, threading.Lock] = {}

    def newest(self) -> Published:
        """The whole of what readers see now.

        Raises:
            UserError: If nothing is published.
        """
        folder = (self.published / "current").resolve()
        with self._lock:
            if self._whole is None or self._whole.folder != folder:
                self._whole = None
                self._narrowed.clear()
                self._turns.clear()
                self._whole = Published(folder)
                self._turns[self._whole] = threading.Lock()
            return self._whole

    def page(self, path: str, query: str) -> str:
        """The HTML of a page.

        Args:
            path: A page of the report.
            query: The filters, as the address says them.

        Raises:
            UserError: For a filter that the data do not know, or a broken board.
            LookupError: If there is no such page.
        """
        whole = self.newest()
        with self._turn(whole):
            filters = read_filters(
                query, whole.members, whole.first_day, whole.newest_day
            )
            data = self._choose(whole, filters)
        with self._turn(data):
            site = Site(data, self.boards, self._beside(), served=True)
            if path not in site.paths:
                raise LookupError(path)
            return site.page(path)

    def filters(self, query: str) -> Filters:
        """The filters of an address, checked."""
        whole = self.newest()
        with self._turn(whole):
            return read_filters(query, whole.members, whole.first_day, whole.newest_day)

    def problem(self, error: UserError, path: str) -> str:
        """The page that says what went wrong."""
        whole = self.newest()
        with self._turn(whole):
            site = Site(whole, self.boards, self._beside(), served=True)
            return site.problem(error, path)

    def _beside(self) -> list[str]:
        return [name for name in FOLDERS if (self.published / "site" / name).is_dir()]

    def file(self, path: str) -> Path | None:
        """A file beside the pages, such as `docs/index.html`; None if there is none."""
        site = (self.published / "site").resolve()
        found = (site / path).resolve()
        inside = any(found.is_relative_to(site / folder) for folder in FOLDERS)
        return found if inside and found.is_file() else None

    def _choose(self, whole: Published, filters: Filters) -> Published:
        """The build under filters, from the shelf if it was asked for lately."""
        if not filters:
            return whole
        with self._lock:
            if filters in self._narrowed and self._whole is whole:
                self._narrowed.move_to_end(filters)
                return self._narrowed[filters]
        data = whole.narrowed(filters)
        with self._lock:
            if self._whole is whole:
                self._narrowed[filters] = data
                while len(self._narrowed) > KEPT:
                    _, dropped = self._narrowed.popitem(last=False)
                    self._turns.pop(dropped, None)
        return data

    def _turn(self, data: Published) -> threading.Lock:
        with self._lock:
            return self._turns.setdefault(data, threading.Lock())


class ReportServer(ThreadingHTTPServer):
    """One thread a reader; Ctrl-C waits for none of them."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], library: Library, console: Console):
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        self.library, self.console = library, console
        self.names = {"localhost", address[0], socket.gethostname().lower()}
        super().__init__(address, Answer)

    def knows(self, host: str | None) -> bool:
        """Whether a request's Host is this machine: a number, or one of its names.

        A page elsewhere can point a name of its own at this machine and let a browser
        here ask for it; then Host is that name.
        """
        try:
            name = urlsplit(f"//{host}").hostname if host else None
        except ValueError:
            return False
        if not name:
            return False
        with contextlib.suppress(ValueError):
            ipaddress.ip_address(name)
            return True
        return name in self.names

    def handle_error(self, request, client_address) -> None:
        """A reader who went away is no news."""


class Answer(BaseHTTPRequestHandler):
    """Answers one reader's requests."""

    server: ReportServer
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "warehouse", ""
    timeout = PATIENCE

    def do_GET(self) -> None:
        """A page, or a file of the documentation."""
        self._answer()

    def do_HEAD(self) -> None:
        """The same without its body."""
        self._answer()

    def __getattr__(self, name: str):
        # http.server asks for do_POST and the like; here nothing is ever changed.
        if name.startswith("do_"):
            return self._refuse
        raise AttributeError(name)

    def log_message(self, *_) -> None:
        """Who reads what is nobody's business."""

    def _refuse(self) -> None:
        # Whatever was sent stays unread.
        self.close_connection = True
        self._send(405, _plain_page("Only GET: nothing can be changed here."), GET_ONLY)

    def _answer(self) -> None:
        if not self.server.knows(self.headers.get("Host")):
            message = "This server answers to localhost and to its own addresses."
            self._send(421, _plain_page(message))
            return
        path = ""
        try:
            path, query = _split(self.path)
            self._give(path, query)
        except LookupError:
            missing = UserError("There is no such page.", "The menu has all of them.")
            self._problem(404, missing, path)
        except FilterError as error:
            self._problem(400, error, path)
        except UserError as error:
            # A board that is broken, or nothing is published any more.
            self._problem(500, error, path)
        except (ConnectionError, TimeoutError):
            self.close_connection = True
        except Exception as error:
            self.server.console.print_exception()
            self._problem(
                500, UserError(f"The page failed: {type(error).__name__}."), path
            )

    def _give(self, path: str, query: str) -> None:
        library = self.server.library
        if path.split("/")[0] in FOLDERS:
            file = library.file(path)
            if file is None:
                raise LookupError(path)
            kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
            # These pages say themselves what they may load: nothing from elsewhere.
            self._send(200, file.read_bytes(), {"Content-Type": kind}, policy=None)
            return
        if not PAGE.fullmatch(path):
            raise LookupError(path)
        language = LANGUAGE.search(query)
        said = [library.filters(query).query, language.group(1) if language else ""]
        wanted = "&".join(filter(None, said))
        if query != wanted:
            # The form sends fields that say nothing; what readers pass on is short.
            there = f"/{quote(path)}" + (f"?{wanted}" if wanted else "")
            self._send(303, b"", {"Location": there})
            return
        self._send(200, library.page(path, query).encode())

    def _problem(self, status: int, error: UserError, path: str) -> None:
        try:
            page = self.server.library.problem(error, path).encode()
        except UserError as worse:
            # Without boards or a publication there is no page to say it in.
            status, page = 500, _plain_page(f"{worse.message} {worse.hint or ''}")
        self._send(status, page)

    def _send(
        self,
        status: int,
        body: bytes,
        headers: dict[str, str] | None = None,
        policy: str | None = POLICY,
    ) -> None:
        self.send_response(status)
        said = {
            "Content-Type": "text/html; charset=utf-8",
            "Content-Length": str(len(body)),
            "Cache-Control": "no-store",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
            "Cross-Origin-Resource-Policy": "same-origin",
            **({"Content-Security-Policy": policy} if policy else {}),
            **(headers or {}),
        }
        for name, value in said.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def _split(address: str) -> tuple[str, str]:
    """Path and query of a request; tricks with paths lead nowhere.

    Raises:
        LookupError: For a path that no page can have.
    """
    path, _, query = address.partition("?")
    path = unquote(path, errors="replace").removeprefix("/")
    parts = path.split("/")
    if "\\" in path or "\0" in path or any(p in ("", ".", "..") for p in parts[:-1]):
        raise LookupError(path)
    if parts[-1] == "..":
        raise LookupError(path)
    if not parts[-1]:
        path += "index.html"
    return path, query


def _plain_page(message: str) -> bytes:
    """A page of one sentence, for where there is no report to stand in."""
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Not shown</title>'
        f"<h1>This cannot be shown</h1><p>{escape(message)}</p></html>"
    ).encode()
