"""Read a published build, write its pages beside it, and switch readers to them."""

import json
import re
import shutil
from functools import partial
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from rich.console import Console

from warehouse.catalog import theme_label
from warehouse.files import remove_whole, settle
from warehouse.paths import data_dir, project_variables, target_name
from warehouse.publish import reports, switch
from warehouse.report import panels, words
from warehouse.report.boards import BOARDS, Board, read_boards
from warehouse.report.cards import card
from warehouse.report.published import LANGUAGES, Published
from warehouse.work import work

LANGUAGE_NAMES = {
    "en": "English", "es": "Español", "fr": "Français", "ru": "Русский", "zh": "中文",
}  # fmt: skip


def report(console: Console, target: str | None = None, boards: Path = BOARDS) -> Path:
    """Write the report of the newest publication; `published/site` then shows it.

    The pages are written under another name and switched to in one rename: who reads
    the report sees the one before, whole, until then, and if a board is broken.

    Args:
        console: Where to say what was done.
        target: A dbt target; the one in force when left out.
        boards: The folder with the boards.

    Returns:
        The first page.

    Raises:
        UserError: If nothing is published, or a board is broken: file, line, reason.
    """
    data = data_dir(target or target_name())
    published = data / "published"
    with work("report", data) as told:
        site, pages = _report(published, boards)
        told |= {"build_id": site.parent.name, "pages": pages}
    first = published / "site" / "index.html"
    size = sum(path.stat().st_size for path in site.rglob("*.html")) / 1e6
    console.print(
        f"written {pages} pages, {size:.1f} MB; open {first}",
        highlight=False,
        soft_wrap=True,
    )
    return first


def _report(published: Path, boards: Path) -> tuple[Path, int]:
    """Write the report and switch to it; its folder, and how many pages it has."""
    data = Published((published / "current").resolve())
    try:
        partial_site = data.folder / ".site.partial"
        shutil.rmtree(partial_site, ignore_errors=True)
        try:
            pages = write(data, boards, partial_site)
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


def write(data: Published, boards: Path, folder: Path) -> int:
    """Write every page of a build.

    Args:
        data: The build to read.
        boards: The folder with the boards.
        folder: Where to write; it must not exist.

    Returns:
        The number of pages.

    Raises:
        UserError: If a board is broken.
    """
    found = read_boards(boards, panels.kinds())
    environment = _environment(data)
    # Every board is prepared before the first file is written.
    prepared = [(board, _prepare(board, data, project_variables())) for board in found]
    menu = [(_file(board, found), board.title) for board in found] + [
        ("kpis.html", "All KPIs")
    ]
    folder.mkdir(parents=True)
    (folder / "kpi").mkdir()

    def page(path: str, template: str, **context) -> None:
        root = "../" * path.count("/")
        html = environment.get_template(template).render(
            here=path, root=root, menu=menu, **context
        )
        (folder / path).write_text(_tight(html, data), encoding="utf-8")

    for board, sections in prepared:
        page(_file(board, found), "board.html", board=board, sections=sections)
    themes: dict[str, list[dict]] = {}
    for kpi in data.catalog.values():
        themes.setdefault(kpi["theme"], []).append(kpi)
    page(
        "kpis.html",
        "kpis.html",
        themes={
            theme_label(theme): [
                panels.tile(data, kpi["kpi_id"], "month") for kpi in kpis
            ]
            for theme, kpis in themes.items()
        },
    )
    pages = {board.name for board in found}
    for kpi_id in data.catalog:
        page(f"kpi/{kpi_id}.html", "card.html", pages=pages, **card(data, kpi_id))
    return len(found) + 1 + len(data.catalog)


def _prepare(board: Board, data: Published, variables: dict) -> list:
    """The sections of a board with what each panel shows."""
    return [
        (
            section,
            [
                (panel, panels.prepare(panel, data, variables))
                for panel in section.panels
            ],
        )
        for section in board.sections
    ]


def _file(board: Board, boards: list[Board]) -> str:
    """The first board is what opens; the others have their own names."""
    return "index.html" if board is boards[0] else f"{board.name}.html"


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
        shops=data.shops,
        period=data.now.get("month"),
        numbers=_Counter(),
        theme_label=theme_label,
    )
    environment.filters.update(
        short=words.short,
        value=partial(words.value, currency=data.currency),
        count=lambda number: f"{number:,}",
    )
    return environment


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
