"""Read a published build, write its pages beside it, and switch readers to them."""

import json
import re
import shutil
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape
from rich.console import Console

from warehouse.build import list_rows
from warehouse.catalog import theme_label
from warehouse.errors import UserError
from warehouse.files import remove_whole, settle
from warehouse.paths import data_dir, project_variables, target_name
from warehouse.publications import live_words
from warehouse.publish import reports, switch
from warehouse.report import panels, words
from warehouse.report.boards import BOARDS, Board, Panel, read_boards
from warehouse.report.cards import card, place
from warehouse.report.models import FOLDERS, take_over, write_models
from warehouse.report.published import LANGUAGES, Published
from warehouse.terminal import follow
from warehouse.work import work

KPIS = "kpis.html"
# Members of a dimension that the form offers; the address takes all.
OFFERED = 20
LANGUAGE_NAMES = {
    "en": "English", "es": "Español", "fr": "Français", "ru": "Русский", "zh": "中文",
}  # fmt: skip


def report(
    console: Console,
    target: str | None = None,
    boards: Path = BOARDS,
    docs: bool = False,
) -> Path:
    """Write the report of the newest publication; `published/site` then shows it.

    The pages are written under another name and switched to in one rename: who reads
    the report sees the one before, whole, until then, and if a board is broken.

    Args:
        console: Where to say what was done.
        target: A dbt target; the one in force when left out.
        boards: The folder with the boards.
        docs: Write the models' documentation and column lineage, too; without, those of
            the report before stay while the project is the same.

    Returns:
        The first page.

    Raises:
        UserError: If nothing is published, or a board is broken: file, line, reason.
    """
    target = target or target_name()
    data = data_dir(target)
    published = data / "published"

    def beside(site: Path) -> list[str]:
        """Fill the folders beside the pages; their names."""
        if docs:
            return write_models(console, target, site)
        return take_over(published / "site", site)

    with work("report", data) as told:
        site, pages = _report(console, published, boards, beside)
        told |= {"build_id": site.parent.name, "pages": pages}
    first = published / "site" / "index.html"
    own = [*site.glob("*.html"), *site.glob("kpi/*.html")]
    size = sum(path.stat().st_size for path in own) / 1e6
    console.print(
        f"written {pages} pages, {size:.1f} MB; open {first}",
        highlight=False,
        soft_wrap=True,
    )
    return first


def _report(
    console: Console, published: Path, boards: Path, beside: Callable[[Path], list[str]]
) -> tuple[Path, int]:
    """Write the report and switch to it; its folder, and how many pages it has."""
    data = Published((published / "current").resolve())
    try:
        partial_site = data.folder / ".site.partial"
        shutil.rmtree(partial_site, ignore_errors=True)
        try:
            partial_site.mkdir()
            pages = write(data, boards, partial_site, beside(partial_site), console)
            settle([partial_site, *partial_site.rglob("*")])
            site = data.folder / _next_name(data.folder)
            partial_site.rename(site)
        finally:
            shutil.rmtree(partial_site, ignore_errors=True)
    finally:
        data.close()
    switch(published / "site", site.relative_to(published))
    for old in reports(data.folder):
        if old != site:
            remove_whole(old)
    return site, pages


def write(
    data: Published,
    boards: Path,
    folder: Path,
    beside: Sequence[str] = (),
    console: Console | None = None,
) -> int:
    """Write every page of a build.

    Args:
        data: The build to read.
        boards: The folder with the boards.
        folder: Where to write.
        beside: Folders of `models.FOLDERS` that lie there, to be linked to.
        console: Where to draw how far it is.

    Returns:
        The number of pages.

    Raises:
        UserError: If a board is broken; then nothing is written.
    """
    site = Site(data, boards, beside)
    pages = {path: site.page(path) for path in follow(console, site.paths)}
    (folder / "kpi").mkdir(parents=True, exist_ok=True)
    for path, html in pages.items():
        (folder / path).write_text(html, encoding="utf-8")
    return len(pages)


class Site:
    """The pages of a build: all of them for the report, one at a time for the server.

    Args:
        data: The build to read, with or without filters.
        boards: The folder with the boards.
        beside: Folders beside the pages, to be linked to.
        served: Whether there is a server to answer filters.

    Attributes:
        paths: Every page.

    Raises:
        UserError: If a board cannot be read.
    """

    def __init__(
        self,
        data: Published,
        boards: Path,
        beside: Sequence[str] = (),
        served: bool = False,
    ):
        self.data, self.beside, self.served = data, beside, served
        self.boards = {
            "index.html" if place == 0 else f"{board.name}.html": board
            for place, board in enumerate(read_boards(boards, panels.kinds()))
        }
        self.cards = {f"kpi/{kpi_id}.html": kpi_id for kpi_id in data.catalog}
        self.paths = [*self.boards, KPIS, *self.cards]
        self.environment = _environment(data)

    def page(self, path: str) -> str:
        """The HTML of a page.

        Args:
            path: One of `paths`.

        Raises:
            UserError: If the board asks for what is not there: file, line, reason.
        """
        if path in self.boards:
            board = self.boards[path]
            template, context = "board.html", {"board": board, **self._board(board)}
        elif path == KPIS:
            template, context = "kpis.html", {"themes": self._themes()}
        else:
            template = "card.html"
            names = {board.name for board in self.boards.values()}
            context = {"pages": names, **card(self.data, self.cards[path])}
        bar = None
        if self.served:
            bar = self._bar(board if path in self.boards else None, context)
        return self._fill(template, path, bar=bar, **context)

    def problem(self, error: UserError, path: str = "") -> str:
        """The page that says what cannot be shown, and what to do."""
        return self._fill("problem.html", path, bar=None, error=error)

    def _fill(self, template: str, path: str, **context) -> str:
        root, query = "../" * path.count("/"), self.data.filters.query
        html = self.environment.get_template(template).render(
            here=path,
            root=root,
            menu=[
                *((file, board.title) for file, board in self.boards.items()),
                (KPIS, "All KPIs"),
            ],
            # The filters go with the reader from page to page.
            to=lambda file: f"{root}{file}" + (f"?{query}" if query else ""),
            numbers=_Counter(),
            beside=[(name, FOLDERS[name]) for name in self.beside],
            served=self.served,
            paths=self.paths,
            **context,
        )
        return _tight(html, self.data)

    def _board(self, board: Board) -> dict:
        """The sections of a board with what each panel shows, and its words."""
        sections, seen = [], []
        for section in board.sections:
            boxes = []
            for panel in section.panels:
                it = panels.prepare(panel, self.data, project_variables())
                what = (panel.kind, it["grain"], panel.options.get("by"))
                if panel.kind == "trend":
                    # Two panels of different grains are one under a filter of grain.
                    if (*what, panel.options["kpi"]) in seen:
                        continue
                    seen.append((*what, panel.options["kpi"]))
                boxes.append((panel, it, _words(panel, it["grain"])))
            sections.append((section, boxes))
        return {"sections": sections}

    def _themes(self) -> dict[str, list[dict]]:
        """Every KPI's tile, by theme."""
        found: dict[str, list[dict]] = {}
        for kpi_id, kpi in self.data.catalog.items():
            tile = panels.tile(self.data, kpi_id, self.data.grain)
            found.setdefault(theme_label(kpi["theme"]), []).append(tile)
        return found

    def _bar(self, board: Board | None, context: dict) -> dict:
        """What the form of the filters offers on a page."""
        data, filters = self.data, self.data.filters
        offered: set[str] = set()
        kpis = [context["kpi"]["kpi_id"]] if "kpi" in context else list(data.catalog)
        if board:
            kpis = [
                kpi_id
                for section in board.sections
                for panel in section.panels
                for kpi_id in panels.shown_kpis(panel, data)
            ] or kpis
        for kpi_id in kpis:
            offered |= data.dimensions.get(kpi_id, set())
        groups = []
        for dimension in sorted(offered | ({filters.dimension} - {None}), key=place):
            members = data.members.get(dimension, [])[:OFFERED]
            if dimension == filters.dimension and filters.member not in members:
                members = [filters.member, *members]
            groups.append(
                (dimension, [(m, data.member(dimension, m)) for m in members])
            )
        return {"filters": filters, "groups": groups, "grains": words.GRAINS}


def _words(panel: Panel, grain: str) -> dict:
    """A panel's options, its words speaking of the grain that is shown."""
    said = {
        key: panel.options[key].replace("{grain}", grain)
        for key in ("title", "note", "empty")
        if isinstance(panel.options.get(key), str)
    }
    return {**panel.options, **said}


def _environment(data: Published) -> Environment:
    """Jinja with the words of the report and all that a page needs inlined."""
    environment = Environment(
        loader=PackageLoader("warehouse.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    source = environment.loader.get_source
    environment.globals.update(
        catalog=data.catalog,
        style=Markup(_pack(source(environment, "style.css")[0])),
        script=Markup(source(environment, "script.js")[0].strip()),
        languages=LANGUAGE_NAMES,
        manifest=data.manifest,
        live=live_words(data.manifest),
        shops=data.shops,
        period=data.now.get(data.grain),
        grain=data.grain,
        filters=data.filters,
        data=data,
        theme_label=theme_label,
        list_rows=list_rows,
    )
    environment.filters.update(
        short=words.short,
        full_period=lambda start: words.full_period(data.grain, start),
        on=lambda day: words.value(day, "date", ""),
        value=partial(words.value, currency=data.currency),
        count=lambda number: f"{number:,}",
        code=_code,
    )
    return environment


def _code(text: str) -> Markup:
    """Words with what stands in backticks as code."""
    return Markup(
        re.sub(r"`([^`]+)`", r'<span class="code">\1</span>', str(escape(text)))
    )


class _Counter:
    """Ids that are new each time."""

    def __init__(self):
        self.last = 0

    def __call__(self) -> str:
        self.last += 1
        return f"t{self.last}"


def _pack(css: str) -> str:
    """CSS without comments and needless blanks: every page carries it."""
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    return re.sub(r"\s*([{};,>])\s*", r"\1", re.sub(r"\s+", " ", css)).strip()


def _tight(html: str, data: Published) -> str:
    """A page without indentation, with the names of its KPIs in other languages."""
    used = sorted(set(re.findall(r'data-k="(\w+)"', html)))
    names = {
        kpi_id: [data.catalog[kpi_id]["names"][language] for language in LANGUAGES]
        for kpi_id in used
    }
    text = json.dumps(names, ensure_ascii=False, separators=(",", ":"))
    html = html.replace("/*names*/{}", text.replace("<", "\\u003c"))
    return re.sub(r"\n\s*(?=<)|\n\s*\n", "\n", html)


def _next_name(folder: Path) -> str:
    """A name that no report of this build has."""
    last = [path.name.rpartition("-")[2] for path in reports(folder)[-1:]]
    return f"site-{int(last[0]) + 1 if last else 1}"
