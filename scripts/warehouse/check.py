"""`warehouse check`: look beyond one build, at files, calendar, history and readers."""

import contextlib
import datetime as dt
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from itertools import groupby
from pathlib import Path

import duckdb
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from warehouse.assertions import ASSERTIONS, Finding, Look, Rule, read_rules
from warehouse.build import build_moment
from warehouse.contract import read_contracts
from warehouse.errors import UserError
from warehouse.files import write_whole
from warehouse.ledger import LOADER_VERSION, Lake
from warehouse.machine import held_file, in_words, limit_memory
from warehouse.paths import data_dir, spill_folder, target_name, warehouse_file
from warehouse.publications import manifest_of, whole
from warehouse.restatements import newest_day
from warehouse.terminal import document, follow
from warehouse.work import work

MARKS = {
    "error": ("!", "bold red"),
    "warn": ("~", "yellow"),
    "info": ("·", "dim"),
}
SHOWN = 5  # findings of one check; the report has them all
SHOWN_ROWS = 200


@dataclass
class Report:
    """What the checks of one build found.

    Attributes:
        checked_at: When, UTC.
        build: The build it speaks of, by the moment it ended.
        as_of: The day up to which the data go.
        sources: How fresh each is: source, newest (the day of its newest row) and
            stale (its tables that lie behind the others).
        findings: The worst first.
        quiet: The checks that found nothing.
        off: The checks that the seed turns off.
    """

    checked_at: str
    build: int
    as_of: str | None
    sources: list[dict] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    quiet: list[str] = field(default_factory=list)
    off: list[str] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        """Findings by severity."""
        counted = Counter(finding.severity for finding in self.findings)
        return {severity: counted[severity] for severity in MARKS}

    @property
    def errors(self) -> list[Finding]:
        """The findings that stop a publication."""
        return [finding for finding in self.findings if finding.severity == "error"]

    @property
    def exit_code(self) -> int:
        """1 if there is an error, else 0."""
        return 1 if self.errors else 0

    def document(self) -> dict:
        """The report for machines: itself, with counts, and at most 200 rows a finding.

        Keys: checked_at, build, as_of, sources, counts, findings (check, severity,
        subject, message, to_do, row_count, rows), quiet, off.
        """
        found = [
            {**asdict(f), "row_count": len(f.rows), "rows": f.rows[:SHOWN_ROWS]}
            for f in self.findings
        ]
        return {**asdict(self), "counts": self.counts, "findings": found}


def check(
    console: Console, target: str | None = None, today: dt.date | None = None
) -> Report:
    """Check the built warehouse against its files, its past and what readers have.

    Args:
        console: Where to say what was found.
        target: A dbt target; the one in force when left out.
        today: The calendar's day, of tests; now when left out.

    Returns:
        The report; `<warehouse>.check.json` beside the warehouse file remembers it.

    Raises:
        UserError: If nothing was built, or somebody else has the warehouse file open.
    """
    target = target or target_name()
    rules = read_rules()
    with work("check", data_dir(target)) as told, _look(target, today) as look:
        report = Report(
            dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            build_moment(target),
            str(look.as_of) if look.as_of else None,
        )
        for rule in follow(console, rules.values(), lambda rule: rule.check):
            _run(rule, look, report)
        report.sources = _freshness(look, report.findings)
        order = list(MARKS)
        report.findings.sort(key=lambda finding: order.index(finding.severity))
        write_whole(_memory(target), document(report) + "\n")
        told["findings"] = report.counts
    _print(console, report)
    return report


def _freshness(look: Look, findings: list[Finding]) -> list[dict]:
    """The newest day of each source that has dates, and what of it is late."""
    newest: dict[str, dt.date] = {}
    for (source, _, _), days in look.dates.items():
        past = [day for day in days if look.as_of is None or day <= look.as_of]
        newest[source] = max([*past, newest.get(source, dt.date.min)])
    late: dict[str, set[str]] = {}
    for finding in findings:
        if finding.check == "stale_sources":
            for row in finding.rows:
                late.setdefault(row["source"], set()).add(row["table"])
    return [
        {"source": s, "newest": str(newest[s]), "stale": sorted(late.get(s, ()))}
        for s in sorted(newest)
        if newest[s] > dt.date.min
    ]


def last_check(target: str) -> dict:
    """The report of the last check as its JSON says it; empty if there is none of the
    build as it stands."""
    path = _memory(target)
    report = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return report if report.get("build") == build_moment(target) else {}


def _memory(target: str) -> Path:
    return warehouse_file(target).with_suffix(".check.json")


def _run(rule: Rule, look: Look, report: Report) -> None:
    """One check; what it finds gets its severity from the rule."""
    if rule.check not in ASSERTIONS:
        raise UserError(
            f"seeds/checks.csv names a check that does not exist: {rule.check}.",
            f"The checks are {', '.join(ASSERTIONS)}.",
        )
    if rule.severity == "off":
        report.off.append(rule.check)
        return
    if rule.severity not in MARKS:
        raise UserError(
            f"seeds/checks.csv: the severity of {rule.check} is {rule.severity!r}.",
            "It is error, warn, info or off.",
        )
    found = list(ASSERTIONS[rule.check](look, rule.limit))
    for finding in found:
        finding.severity = rule.severity
    report.findings += found
    if not found:
        report.quiet.append(rule.check)


@contextlib.contextmanager
def _look(target: str, today: dt.date | None) -> Iterator[Look]:
    """What the checks look at, opened for reading."""
    built = warehouse_file(target)
    if not built.exists():
        raise UserError(
            "There is no warehouse to check yet.", "Run `warehouse run` first."
        )
    data = data_dir(target)
    published = whole(data / "published" / "current")
    manifest = manifest_of(published) if published else {}
    has_old = bool(manifest)
    if today is None and target != "demo":
        today = dt.datetime.now().date()
    with duckdb.connect() as connection:
        limit_memory(connection, spill_folder(target))
        try:
            connection.execute(f"attach '{built}' as built (read_only)")
        except duckdb.IOException as error:
            raise in_words(error, data) or held_file() from None
        entries = Lake(data / "lake").entries(connection)
        if any(entry.loader_version != LOADER_VERSION for entry in entries):
            raise UserError(
                "The lake was written by an earlier version of the loader.",
                "Run `warehouse run`: it reads every file again.",
            )
        if has_old:
            file = (published / "warehouse.duckdb").resolve()
            # Views remember the catalogue that they were made in by its name.
            connection.execute(f"attach '{file}' as warehouse (read_only)")
        yield Look(
            connection=connection,
            data=data,
            sources=read_contracts(),
            entries=entries,
            as_of=newest_day(connection, "built.main"),
            today=today,
            has_old=has_old,
            manifest=manifest,
        )


def _print(console: Console, report: Report) -> None:
    """The findings by check, the worst first, each with what to do; then their sum."""
    for check_id, group in groupby(report.findings, lambda finding: finding.check):
        found = list(group)
        mark, style = MARKS[found[0].severity]
        head = ((f"{mark} {found[0].severity:5} ", style), (check_id, "bold"))
        console.print(Text.assemble(*head), highlight=False)
        shown = found[:SHOWN]
        for finding, following in zip(shown, [*shown[1:], None], strict=True):
            words = ((f"{finding.subject}: ", "cyan"), finding.message)
            _indented(console, Text.assemble(*words))
            if following is None and len(found) > SHOWN:
                _indented(console, Text(f"… and {len(found) - SHOWN} more", "dim"))
            # What to do is said once where it is the same.
            if following is None or following.to_do != finding.to_do:
                _indented(console, Text(f"→ {finding.to_do}", "dim"))
    console.print(summary(report.counts, len(report.quiet)), highlight=False)


def _indented(console: Console, words: Text) -> None:
    console.print(Padding(words, (0, 0, 0, 8)), highlight=False)


def summary(counts: dict[str, int], quiet: int) -> str:
    """The findings in one line, with markup.

    Args:
        counts: Findings by severity.
        quiet: How many checks found nothing.
    """
    names = {"error": "error", "warn": "warning", "info": "note"}
    words = [
        f"[{MARKS[severity][1]}]{number} {names[severity]}"
        f"{'' if number == 1 else 's'}[/]"
        for severity, number in counts.items()
        if number
    ]
    return ", ".join([*words, f"{quiet} checks found nothing"])
