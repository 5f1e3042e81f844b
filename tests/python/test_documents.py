"""What the documents say can be typed, and where they lead is there."""

import re
from pathlib import Path

import pytest
from shop import PROJECT
from typer.main import get_command

from warehouse.cli import app

PAGES = [*PROJECT.glob("*.md"), *(PROJECT / "docs").glob("*.md")]


def names(paths: list[Path]) -> list[str]:
    return [path.relative_to(PROJECT).as_posix() for path in paths]


@pytest.mark.parametrize("page", PAGES, ids=names(PAGES))
def test_commands_exist(page):
    """Every make target and warehouse verb that a page names."""
    verbs = get_command(app).commands
    targets = set(re.findall(r"^([a-z]+):", (PROJECT / "Makefile").read_text(), re.M))
    code = "\n".join(
        block or inline
        for block, inline in re.findall(
            r"```sh\n(.*?)```|`([^`\n]+)`", page.read_text(encoding="utf-8"), re.DOTALL
        )
    )
    typed = set(re.findall(r"(?:^|bin/)warehouse ([a-z]+)", code, re.MULTILINE))
    assert typed <= verbs.keys()
    assert set(re.findall(r"^make ([a-z]+)", code, re.MULTILINE)) <= targets


@pytest.mark.parametrize("page", PAGES, ids=names(PAGES))
def test_links_lead_somewhere(page):
    """Files that a page links to are there, and so are the headings."""
    text = page.read_text(encoding="utf-8")
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" in link:
            continue
        name, _, heading = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        if not target.exists() or (heading and heading not in headings(target)):
            broken.append(link)
    assert not broken


def headings(page: Path) -> set[str]:
    """The headings of a page as links write them."""
    found = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {
        re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-")
        for heading in found
    }


def test_ci_runs_what_the_readme_says():
    assert "make test" in (PROJECT / ".ci/run").read_text()
