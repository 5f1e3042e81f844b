"""The models' documentation and their column lineage, as pages beside the report.

dbt knows both; what it writes is for the project's own people and holds the salt and
paths of this machine. Here it is cleaned, and every page is told to load nothing.
"""

import json
import logging
import os
import shutil
import tempfile
from pathlib import Path

from rich.console import Console

from warehouse.build import dbt_surroundings, run_dbt
from warehouse.errors import UserError
from warehouse.files import link_file
from warehouse.inputs import hash_of_files
from warehouse.machine import in_words
from warehouse.paths import PROJECT, data_dir
from warehouse.people import DEMO_SALT, salt

# Folder of the site, and its entry in the menu.
FOLDERS = {"docs": "Models", "lineage": "Column lineage"}
LINEAGE_PACKAGE = "dbt-colibri==0.3.7"
SOURCES_OF_IT = ("models", "seeds", "macros", "analyses", "tests", "dbt_project.yml")
# What dbt's page asks a server for, and we write into it.
ASKED = 'n=[o("manifest","manifest.json"+t),o("catalog","catalog.json"+t)]'
# Names of files that dbt's page asks for before it has filled them in.
UNFINISHED = {
    "${require('./assets/favicons/favicon.ico')}": "data:,",
    'xlink:href="{{': 'ng-attr-xlink:href="{{',
}
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; "
    "style-src 'unsafe-inline'; img-src data: blob:; font-src data:; worker-src blob:"
)


def write_models(console: Console, target: str, site: Path) -> list[str]:
    """Write `docs/` and, where dbt-colibri is installed, `lineage/` into a site.

    Args:
        console: Where to say what is missing.
        target: The dbt target whose private file is described.
        site: The folder of the pages.

    Returns:
        The folders written.

    Raises:
        UserError: If dbt could not describe the models.
    """
    found = _describe(target)
    manifest, catalog = _cleaned(found["manifest"], target), found["catalog"]
    _add_sources(manifest, catalog)
    catalog = _cleaned(catalog, target)
    _write(site / "docs", _docs_page(found["page"], manifest, catalog))
    written = ["docs"]
    page = _lineage_page(manifest, catalog)
    if page is None:
        console.print(
            "no column lineage: dbt-colibri is not installed; "
            f"python -m pip install {LINEAGE_PACKAGE} adds it",
            highlight=False,
            soft_wrap=True,
        )
    else:
        _write(site / "lineage", page)
        written.append("lineage")
    (site / "docs" / ".project").write_text(fingerprint())
    return written


def take_over(before: Path, site: Path) -> list[str]:
    """Take the pages of an earlier report over, while the project is the same.

    Args:
        before: The site before, if there is one.
        site: The new one.

    Returns:
        The folders taken over.
    """
    mark = before / "docs" / ".project"
    if not mark.exists() or mark.read_text() != fingerprint():
        return []
    found = [name for name in FOLDERS if (before / name).is_dir()]
    for name in found:
        # The same bytes under two names: nothing is copied, and each may be deleted.
        shutil.copytree(before / name, site / name, copy_function=link_file)
    return found


def fingerprint() -> str:
    """What tells one state of the project's models from another."""
    paths = [PROJECT / name for name in SOURCES_OF_IT]
    files = (
        file
        for path in paths
        for file in (sorted(path.rglob("*")) if path.is_dir() else [path])
        if file.suffix in (".sql", ".yml", ".py", ".csv", ".md")
    )
    return hash_of_files(files)


def _describe(target: str) -> dict:
    """dbt's manifest with compiled SQL, its catalogue, and its page without either."""
    with dbt_surroundings(target):
        folder = Path(os.environ.get("DBT_TARGET_PATH", PROJECT / "target")).resolve()
        # Tests need no compiling to be described.
        described = ("--select", "resource_type:model", "resource_type:seed")
        done = run_dbt("docs", "generate", *described)
    if not done.success:
        trouble = done.exception or RuntimeError("some models could not be read")
        if said := in_words(trouble, data_dir(target)):
            raise said
        raise UserError(
            f"dbt could not describe the models: {str(trouble).splitlines()[0]}",
            "Run `warehouse build`, then again.",
        )
    return {
        "manifest": json.loads((folder / "manifest.json").read_text()),
        "catalog": json.loads((folder / "catalog.json").read_text()),
        "page": (folder / "index.html").read_text(encoding="utf-8"),
    }


def _cleaned(content: dict, target: str) -> dict:
    """Without salt, paths of this machine, and who ran what when."""
    places = {
        data_dir(target): "data",
        Path(os.environ.get("DBT_TARGET_PATH", PROJECT / "target")).resolve(): "target",
        PROJECT: "project",
        Path(tempfile.gettempdir()): "temporary",
        Path.home(): "home",
    }
    if "WAREHOUSE_DATA" in os.environ:
        # Also as it was said, where that is a link.
        places = {Path(os.environ["WAREHOUSE_DATA"]): "data"} | places
    said = sorted(
        ((str(path), name) for path, name in places.items() if len(path.parts) > 1),
        key=lambda item: -len(item[0]),
    )
    for secret in (salt(target), DEMO_SALT):
        # In SQL a quote is written twice.
        said += [(secret.replace("'", "''"), "(the salt)"), (secret, "(the salt)")]

    def clean_of(value: object) -> object:
        if isinstance(value, dict):
            return {key: clean_of(one) for key, one in value.items()}
        if isinstance(value, list):
            return [clean_of(one) for one in value]
        if isinstance(value, str):
            for text, name in said:
                value = value.replace(text, name)
        return value

    clean = clean_of(content)
    clean["metadata"] |= {"env": {}, "user_id": None, "invocation_id": None}
    return clean


def _add_sources(manifest: dict, catalog: dict) -> None:
    """Exports are no tables that dbt can look into: their contracts say the columns."""
    for unique_id, source in manifest["sources"].items():
        catalog["sources"].setdefault(
            unique_id,
            {
                "unique_id": unique_id,
                "metadata": {
                    "type": "EXPORT",
                    "database": source["database"],
                    "schema": source["schema"],
                    "name": source["name"],
                    "comment": None,
                    "owner": None,
                },
                "columns": {
                    name: {
                        "type": column.get("data_type") or "text",
                        "index": place,
                        "name": name,
                        "comment": None,
                    }
                    for place, name in enumerate(source["columns"], start=1)
                    for column in [source["columns"][name]]
                },
                "stats": {},
            },
        )


def _docs_page(page: str, manifest: dict, catalog: dict) -> str:
    """dbt's page with its data in it, as `dbt docs generate --static` makes one."""
    if ASKED not in page:
        raise UserError(
            "dbt's documentation page is not the one we know.",
            "Install the versions of requirements.txt.",
        )
    inlined = ",".join(
        f"{{label: '{name}', data: {_script(content)}}}"
        for name, content in (("manifest", manifest), ("catalog", catalog))
    )
    for asks, silent in UNFINISHED.items():
        page = page.replace(asks, silent)
    return page.replace(ASKED, f"n=[{inlined}]")


def _lineage_page(manifest: dict, catalog: dict) -> str | None:
    """dbt-colibri's page; None where that is not installed."""
    try:
        from dbt_colibri.lineage_extractor.extractor import DbtColumnLineageExtractor
        from dbt_colibri.report.generator import DbtColibriReportGenerator
    except ImportError:
        return None
    # It names every column that it cannot follow.
    logging.disable(logging.ERROR)
    try:
        with tempfile.TemporaryDirectory() as scratch:
            files = [Path(scratch) / name for name in ("manifest.json", "catalog.json")]
            for file, content in zip(files, (manifest, catalog), strict=True):
                file.write_text(json.dumps(content), encoding="utf-8")
            lineage = DbtColumnLineageExtractor(*map(str, files))
            DbtColibriReportGenerator(
                # Nobody is told who looks at lineage.
                lineage,
                light_mode=True,
                disable_telemetry=True,
            ).generate_report(output_dir=scratch)
            return (Path(scratch) / "index.html").read_text(encoding="utf-8")
    finally:
        logging.disable(logging.NOTSET)


def _script(content: dict) -> str:
    """JSON that can stand in a script."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return text.replace("</", "<\\/").replace("<!--", "<\\!--")


def _write(folder: Path, page: str) -> None:
    """A page that may load nothing from anywhere."""
    policy = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
    head, found, rest = page.partition("<head>")
    folder.mkdir(parents=True)
    (folder / "index.html").write_text(f"{head}{found}{policy}{rest}", encoding="utf-8")
