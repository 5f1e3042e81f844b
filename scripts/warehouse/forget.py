"""`warehouse forget`: a person leaves the exports, the lake and what was published.

In the rows that hold the e-mail, a stand-in that nobody else has takes its place;
names, addresses and words are emptied, and phones get a stand-in, too. Everything else
stays: the orders become those of one unknown person, and no KPI moves. The stand-ins
are drawn by lot and written nowhere else, so nothing leads from them to the e-mail.
"""

import csv
import gzip
import io
import json
import os
import re
import secrets
import shutil
import sys
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
from rich.console import Console
from rich.markup import escape

from warehouse.contract import Table, best_fit, normal, read_contracts
from warehouse.errors import UserError
from warehouse.files import settle, write_whole
from warehouse.ledger import Lake
from warehouse.load import load
from warehouse.paths import data_dir, target_name
from warehouse.people import forgettings, hashed, salt
from warehouse.publish import moment_after
from warehouse.readers import cell_text, kind_of
from warehouse.records import LONGEST, Records, find_head
from warehouse.survey import chunks, survey, zip_members
from warehouse.terminal import follow
from warehouse.values import name as quoted
from warehouse.values import text as literal
from warehouse.work import work

_EMAIL = re.compile(r"[^\s@,;\"'<>]+@[^\s@,;\"'<>]+\.[^\s@,;\"'<>]+")
_HEAD = 1 << 20
_MOST_CELLS = 20_000_000  # of a workbook: all are held at once
_AGAIN = "Nothing was changed."
# In landing/: files that were rewritten, and which takes whose place.
_STAGED = ".forgetting"
_MOVES = "moves.json"
# Headers of columns that speak of a person, without case, blanks and underscores; what
# holds the e-mail itself is found by its text, whatever the column is called.
_PHONE = re.compile(
    r"phone|mobile|telefon|^fax$|^tel$|^caller(id|number)?$|^src$|^ani$"
)
_PERSONAL = re.compile(
    r"(first|last|full|middle|family|given|user|nick|display|billing|shipping"
    r"|customer|buyer|requester|reviewer|recipient|consumer|contact|caller|guest"
    r"|author|shipto|billto|person|profile)[.-]*name$|surname|address(line)?[12]?$"
    r"|street|(zip|postal|post)(code)?$|city$|company$|birth|gender$|latitude$"
    r"|longitude$|^(browser)?ip$|^(reviewer|requester|author|customer|recipient)$"
    r"|notes?$|comments?$|^(review)?(body|title|text)$|^message(body|text)?$|^subject$"
    r"|^description$|vatnumber$|taxid$"
)


class Person:
    """Whom to forget: how an e-mail is found, and what takes its place.

    Args:
        email: The e-mail, in any case.

    Raises:
        UserError: It is no e-mail.
    """

    def __init__(self, email: str):
        self.email = email.strip().lower()
        if not _EMAIL.fullmatch(self.email):
            raise UserError(
                "That is no e-mail: name@example.com is expected.",
                "A person is known by an e-mail; `warehouse forget -` reads e-mails "
                "from its input, one a line.",
            )
        local, domain = (re.escape(part) for part in self.email.split("@"))
        local = local.replace(r"\+", r"(?:\+|%2b)")
        # DuckDB's engine knows no look-around: what stands beside is matched, and kept.
        self.pattern = (
            r"(^|[^a-z0-9_.+-])" + local + r"(?:@|%40|\\u0040)" + domain
            + r"($|[^a-z0-9_.-]|\.$|\.[^a-z0-9_-])"
        )  # fmt: skip
        self._found = re.compile(self.pattern, re.IGNORECASE)
        self.stand_in = f"forgotten-{secrets.token_hex(8)}@forgotten.invalid"
        self.phones: dict[str, str] = {}  # the last nine digits: their stand-in

    def is_in(self, text: str | None) -> bool:
        """Whether a text holds the e-mail."""
        return bool(text) and self._found.search(text) is not None

    def removed_from(self, text: str) -> str:
        """The text with the stand-in for each e-mail."""
        while self.is_in(text):
            text = self._found.sub(
                lambda hit: hit[1] + self.stand_in + hit[2],
                text,
            )
        return text

    def phone(self, value: str) -> str:
        """The stand-in of a phone number; the person's other rows get the same."""
        digits = re.sub(r"\D", "", value)
        if len(digits) < 7:
            return ""
        drawn = f"000{secrets.randbelow(10**6):06d}"
        return self.phones.setdefault(digits[-9:], drawn)

    def has_phone(self, value: str) -> bool:
        """Whether a phone number is one that stood beside the e-mail."""
        digits = re.sub(r"\D", "", value)
        return len(digits) >= 7 and digits[-9:] in self.phones


@dataclass
class Forgotten:
    """What was done for one person.

    Attributes:
        files: Landed files that were rewritten.
        rows: Rows of them in which the person stood.
        lake_files: Files of the lake that were rewritten beside those.
    """

    files: list[str] = field(default_factory=list)
    rows: int = 0
    lake_files: int = 0


def forget(
    console: Console,
    emails: Sequence[str],
    target: str | None = None,
    rebuild: bool = True,
    contracts: Path | None = None,
) -> list[Forgotten]:
    """Remove people from landing, lake, warehouse file and published files.

    Files are rewritten beside and renamed, with the time that they had; then they are
    loaded anew. The private warehouse file is deleted and built from nothing, and with
    the next publication every version from before is deleted. At last everything is
    searched again.

    Args:
        console: Where to say what was done; never with an e-mail.
        emails: Whom; `-` reads e-mails from the input, one a line.
        target: A dbt target; the one in force when left out.
        rebuild: Whether to build, check, publish and report, too.
        contracts: The folder with the contracts; by default the project's.

    Returns:
        What was done, a person each.

    Raises:
        UserError: It is no e-mail; a file that holds it cannot be rewritten (then
            nothing was changed); something is left at the end.
    """
    target = target or target_name()
    with work("forget", data_dir(target)) as told:
        done = _forget(console, emails, target, rebuild, contracts)
        told["files"] = sum(len(result.files) for result in done)
        told["rows"] = sum(result.rows for result in done)
    return done


def _forget(
    console: Console,
    emails: Sequence[str],
    target: str,
    rebuild: bool,
    contracts: Path | None,
) -> list[Forgotten]:
    seed = salt(target)
    data = data_dir(target)
    people = [Person(email) for email in _read(emails)]
    tables = {n: list(s.tables) for n, s in read_contracts(contracts).items()}
    done = [Forgotten() for _ in people]
    _finish(data / "landing")
    for person, result in zip(people, done, strict=True):
        _forget_landed(console, data / "landing", person, tables, result)
    refused = load(None, target, data=data, contracts=contracts).refused
    with Lake(data / "lake"):
        for person, result in zip(people, done, strict=True):
            _forget_in_lake(data / "lake", person, result)
    for path in data.glob("warehouse*.duckdb*"):
        path.unlink()
    _log(data, people, done, seed)
    for result in done:
        console.print(
            f"forgotten: {result.rows:,} rows in {len(result.files):,} landed files, "
            f"{result.lake_files:,} more files of the lake",
            highlight=False,
        )
        for name in result.files:
            console.print(f"  [dim]{escape(name)}[/]", soft_wrap=True, highlight=False)
    for refusal in refused:
        console.print(
            f"[yellow]refused[/] {escape(refusal.file)}: the lake keeps its rows as "
            "they were loaded before, without the person",
            soft_wrap=True,
        )
    if rebuild:
        _publish_anew(console, target)
    _prove(data, people, with_published=rebuild)
    if rebuild:
        console.print("[bold green]proved[/] nothing that is kept holds the e-mail")
    else:
        console.print(
            "landing and lake hold the e-mail no more; `warehouse run` builds and "
            "publishes without the person, and deletes what was published before",
            soft_wrap=True,
        )
    return done


def _read(emails: Iterable[str]) -> list[str]:
    """The e-mails as given, with those of the input for `-`."""
    found = []
    for email in emails:
        lines = sys.stdin.read().splitlines() if email == "-" else [email]
        found += [line for line in lines if line.strip()]
    if not found:
        raise UserError("Nobody is named.", "Write `warehouse forget EMAIL`.")
    return found


def _publish_anew(console: Console, target: str) -> None:
    """Build from nothing, check, publish and report; only the new version stays."""
    from warehouse.build import build
    from warehouse.publish import publish
    from warehouse.report import report

    result = build(console, target, full_refresh=True)
    if not result.success:
        raise UserError(
            "Landing and lake are without the person; the build after it failed, and "
            "readers still have the versions from before.",
            "Mend what is named above, then `warehouse run`: it deletes them.",
        )
    publish(console, target)
    report(console, target)


def _log(data: Path, people, done, seed: str) -> None:
    """Note whom, by hash, and how much; `publish` asks it what is too old to stay."""
    moment = moment_after(data / "published")
    with forgettings(data).open("a", encoding="utf-8") as file:
        for person, result in zip(people, done, strict=True):
            row = {
                "at": moment,
                "person": hashed(person.email, seed),
                "files": len(result.files),
                "rows": result.rows,
                "lake_files": result.lake_files,
            }
            file.write(json.dumps(row) + "\n")
        os.fchmod(file.fileno(), 0o600)


# ----------------------------------------------------------------------------- landing


def _forget_landed(
    console: Console,
    landing: Path,
    person: Person,
    tables: dict[str, list[Table]],
    result: Forgotten,
) -> None:
    """Rewrite every landed file in which the person stands, or none of them."""
    made = landing / _STAGED
    made.mkdir(parents=True)
    try:
        files = [
            path
            for path in sorted(landing.rglob("*"))
            if path.is_file() and not path.is_relative_to(made)
        ]
        # Twice: a phone beside the e-mail in one file is looked for in all.
        for _ in range(2):
            known = len(person.phones)
            staged: list[tuple[Path, Path, int]] = []
            impossible = []
            shown = follow(console, enumerate(files), lambda item: item[1].name)
            for number, path in shown:
                relative = path.relative_to(landing)
                draft = made / str(number)
                source = tables.get(relative.parts[0], [])
                try:
                    rows = rewrite(path, draft, path.name, source, person)
                except _Impossible as error:
                    impossible.append(f"{relative.as_posix()}: {error}")
                    continue
                if rows:
                    staged.append((path, draft, rows))
            if len(person.phones) == known:
                break
        if impossible:
            raise UserError(
                "The person stands in files that cannot be rewritten:\n"
                + "\n".join(f"  {line}" for line in impossible)
                + f"\n{_AGAIN}",
                "Save them as CSV, or delete them, then `warehouse forget` again.",
            )
        for path, draft, rows in staged:
            shutil.copystat(path, draft)
            result.files.append(path.relative_to(landing).as_posix())
            result.rows += rows
        settle(draft for _, draft, _ in staged)
        moves = dict(
            zip((draft.name for _, draft, _ in staged), result.files, strict=True)
        )
        write_whole(made / _MOVES, json.dumps(moves))
    finally:
        _finish(landing)


def _finish(landing: Path) -> None:
    """Put what was rewritten in its place, if it is all there, else drop it.

    So a forgetting that was killed leaves no person half forgotten: with another
    stand-in in the other half, one customer would become two.
    """
    made = landing / _STAGED
    if (made / _MOVES).exists():
        for draft, path in json.loads((made / _MOVES).read_text()).items():
            if (made / draft).exists():  # else the killed one came this far
                (made / draft).replace(landing / path)
        settle({path.parent for path in landing.rglob("*") if path.is_file()})
    shutil.rmtree(made, ignore_errors=True)


class _Impossible(Exception):
    """The person stands in a file that cannot be rewritten; the words say why."""


def rewrite(
    path: Path, to: Path, name: str, tables: Sequence[Table], person: Person
) -> int:
    """Write a file without the person.

    Args:
        path: The file.
        to: Where the new one is written, if the person stands in it.
        name: Its name in landing, or in the archive.
        tables: The tables of its source: they say which column is what.
        person: Whom.

    Returns:
        The rows in which the person stood; with 0 nothing was written.

    Raises:
        _Impossible: The person stands in it, and it cannot be rewritten.
    """
    if not path.stat().st_size:
        return 0
    try:
        kind = kind_of(path, name)
    except UserError:
        kind = "damaged archive"
    tables = [table for table in tables if table.takes(name)] or tables
    if kind in ("csv", "json") and not _may_hold(path, person):
        return 0
    if kind in ("gz", "zip"):
        return {"gz": _gz, "zip": _zip}[kind](path, to, name, tables, person)
    if kind == "parquet":
        return _parquet(path, to, tables, person)
    if kind == "xlsx":
        return _xlsx(path, to, tables, person)
    if kind not in ("csv", "json"):
        if person.is_in(path.read_bytes().decode("latin-1")):
            raise _Impossible(f"a file of this kind ({kind}) is not rewritten")
        return 0
    encoding = survey(path).encoding
    errors = "surrogatepass" if encoding.startswith("utf-16") else "surrogateescape"
    with (
        path.open(encoding=encoding, errors=errors, newline="") as source,
        to.open("w", encoding=encoding, errors=errors, newline="") as sink,
    ):
        rows = (_json if kind == "json" else _csv)(source, sink, name, tables, person)
    if not rows:
        to.unlink()
    return rows


def _may_hold(path: Path, person: Person) -> bool:
    """False where a quick look shows that the person is not in a file of text."""
    if person.phones:
        return True
    domain = person.email.split("@")[1].encode()
    with path.open("rb") as file:
        end = b""
        for chunk in chunks(file):
            text = end + chunk.replace(b"\0", b"").lower()
            if domain in text or b"\\u" in text:
                return True
            end = text[-len(domain) :]
    return False


def _gz(path, to, name, tables, person) -> int:
    inner, made = to.with_suffix(".in"), to.with_suffix(".out")
    try:
        with gzip.open(path, "rb") as source, inner.open("wb") as sink:
            shutil.copyfileobj(source, sink)
    except (OSError, EOFError) as error:
        raise _Impossible(f"it cannot be unpacked ({error})") from None
    rows = rewrite(inner, made, name.removesuffix(".gz"), tables, person)
    if rows:
        with made.open("rb") as source, gzip.GzipFile(to, "wb", mtime=0) as sink:
            shutil.copyfileobj(source, sink)
    return rows


def _zip(path, to, name, tables, person) -> int:
    """An archive anew, each member as it was or without the person."""
    rows = 0
    inner, made = to.with_suffix(".in"), to.with_suffix(".out")
    try:
        zip_members(path)  # refuses what leaves the archive
        with zipfile.ZipFile(path) as archive, zipfile.ZipFile(to, "w") as sink:
            for info in archive.infolist():
                inner.write_bytes(archive.read(info))
                member = info.filename.rsplit("/", 1)[-1]
                found = rewrite(inner, made, member, tables, person)
                rows += found
                content = (made if found else inner).read_bytes()
                sink.writestr(info, content)
    except (UserError, zipfile.BadZipFile, OSError, RuntimeError, EOFError) as error:
        raise _Impossible(f"it cannot be unpacked ({error})") from None
    if not rows:
        to.unlink()
    return rows


# ------------------------------------------------------------------------------- a row


def _speaks_of_person(names: Iterable[str]) -> bool:
    return any(_PERSONAL.search(name) for name in names)


def _is_phone(names: Iterable[str]) -> bool:
    return any(_PHONE.search(name) for name in names)


@dataclass
class _Columns:
    """What is known of a table's columns, by position."""

    names: list[set[str]]
    required: set[int]

    @classmethod
    def of(cls, header: Sequence[str], tables: Sequence[Table]) -> "_Columns":
        names = [{normal(name)} for name in header]
        required = set()
        if fit := best_fit(tables, list(header)):
            for match in fit.matches:
                names[match.position].add(normal(match.name))
                if match.required:
                    required.add(match.position)
        return cls(names, required)

    def phones(self) -> list[int]:
        return [i for i, names in enumerate(self.names) if _is_phone(names)]

    def personal(self) -> list[int]:
        """Columns to be emptied: not what a row cannot do without."""
        return [
            i
            for i, names in enumerate(self.names)
            if i not in self.required and _speaks_of_person(names)
        ]


def _is_theirs(row: Sequence[str], phones: Sequence[int], person: Person) -> bool:
    """Whether a row is the person's: it holds the e-mail, or no e-mail and a phone."""
    if any(person.is_in(value) for value in row):
        return True
    return any(person.has_phone(row[i]) for i in phones) and not any(
        "@" in value for value in row
    )


def _without(row: Sequence[str], columns: _Columns, person: Person) -> list[str]:
    """The person's row with nothing of the person."""
    new = list(row)
    for i, value in enumerate(row):
        if person.is_in(value):
            new[i] = person.removed_from(value)
        elif value and i in columns.phones():
            new[i] = person.phone(value)
        elif value and i in columns.personal():
            new[i] = ""
    return new


# --------------------------------------------------------------------------- the kinds


def _csv(source, sink, name: str, tables: Sequence[Table], person: Person) -> int:
    """CSV: untouched records keep their bytes, the person's are written anew."""
    start = source.read(_HEAD)
    source.seek(0)
    if len(start) == _HEAD:
        start = start[: start.rfind("\n") + 1] or start
    try:
        head = find_head(start, tables, name) if tables else None
    except UserError:
        head = None
    rows = 0
    if head is None:  # a file that is never loaded: of it, only the text is known
        for line in source:
            rows += person.is_in(line)
            sink.write(person.removed_from(line))
        return rows
    columns = _Columns([], set())
    is_header_next = True
    for record in Records(source, head.delimiter, head.skip_blanks):
        if len(record.raw) >= LONGEST:
            raise _Impossible(f"it has a line of more than {LONGEST >> 20} MB")
        fields = record.fields
        if is_header_next and fields and best_fit(tables, fields):
            columns, is_header_next = _Columns.of(fields, tables), False
            sink.write(record.raw)
            continue
        if record.is_comment or record.is_blank:
            is_header_next = is_header_next or record.is_comment
        phones = [i for i in columns.phones() if fields and i < len(fields)]
        if fields is None or not columns.names:
            rows += person.is_in(record.raw)
            sink.write(person.removed_from(record.raw))
        elif _is_theirs(fields, phones, person):
            rows += 1
            end = re.search(r"(\r\n|\r|\n)?$", record.raw)[0]
            writer = csv.writer(sink, delimiter=head.delimiter, lineterminator=end)
            writer.writerow(_without(fields, columns, person))
        else:
            sink.write(record.raw)
    return rows


def _json(source, sink, name: str, tables: Sequence[Table], person: Person) -> int:
    """JSON: one record a line, or one document."""
    first = next((line for line in source if line.strip()), "")
    source.seek(0)
    if not isinstance(_parsed(first), dict):
        return _document(source.read(), sink, person)
    rows = 0
    for line in source:
        record = _parsed(line)
        if isinstance(record, dict) and _record_is_theirs(record, person):
            rows += 1
            end = re.search(r"\s*$", line)[0]
            made = json.dumps(_cleaned(record, person), ensure_ascii=False)
            sink.write(made + end)
        else:
            if record is None:
                rows += person.is_in(line)
                line = person.removed_from(line)
            sink.write(line)
    return rows


def _document(text: str, sink, person: Person) -> int:
    """One JSON document: its records are the objects in its lists."""
    whole = _parsed(text)
    if whole is None:
        rows = len(person._found.findall(text))
        sink.write(person.removed_from(text))
        return rows
    rows = 0

    def walk(value, depth: int):
        nonlocal rows
        if isinstance(value, list):
            return [walk(item, depth) for item in value]
        if isinstance(value, dict):
            lists = [k for k, v in value.items() if _is_records(v)] if depth else []
            if lists:
                return {k: walk(v, depth - 1) if k in lists else v
                        for k, v in value.items()}  # fmt: skip
            if _record_is_theirs(value, person):
                rows += 1
                return _cleaned(value, person)
        return value

    made = walk(whole, 2)
    left = json.dumps(made, ensure_ascii=False)
    if person.is_in(left):  # beside the records
        rows += 1
        left = person.removed_from(left)
    sink.write(left + "\n")
    return rows


def _is_records(value) -> bool:
    return isinstance(value, list) and any(isinstance(item, dict) for item in value)


def _parsed(text: str):
    try:
        return json.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError):
        return None


def _leaves(value, path: tuple[str, ...] = ()) -> Iterator[tuple[set[str], str]]:
    """The texts of a record, with the names that they go by."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, (*path, key))
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner, path)
    elif isinstance(value, str | int) and not isinstance(value, bool):
        yield _names(path), str(value)


def _names(path: tuple[str, ...]) -> set[str]:
    """A key as a header: by itself, and with the object that it stands in."""
    parts = [normal(part).strip("$") for part in path[-2:]]
    return {parts[-1], ".".join(parts)} if parts else {""}


def _record_is_theirs(record: dict, person: Person) -> bool:
    leaves = list(_leaves(record))
    phones = [i for i, (names, _) in enumerate(leaves) if _is_phone(names)]
    return _is_theirs([text for _, text in leaves], phones, person)


def _cleaned(value, person: Person, path: tuple[str, ...] = ()):
    """A record of the person with nothing of the person."""
    if isinstance(value, dict):
        return {
            person.removed_from(key): _cleaned(inner, person, (*path, key))
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [_cleaned(inner, person, path) for inner in value]
    if isinstance(value, bool) or not isinstance(value, str | int):
        return value
    if person.is_in(str(value)):
        return person.removed_from(str(value))
    if _is_phone(_names(path)):
        return person.phone(str(value))
    return "" if _speaks_of_person(_names(path)) else value


def _xlsx(path: Path, to: Path, tables: Sequence[Table], person: Person) -> int:
    """A workbook: cells of the person's rows anew; formulas become what they gave, as
    the loader reads them."""
    import openpyxl

    is_held = _xlsx_holds(path, person)
    if not is_held and not person.phones:
        return 0
    try:
        with path.open("rb") as file:
            book = openpyxl.load_workbook(file, data_only=True)
        cells = sum(sheet.max_row * sheet.max_column for sheet in book.worksheets)
        if cells > _MOST_CELLS:
            raise ValueError(f"it has room for {cells:,} cells")
    except Exception as error:  # openpyxl lets through whatever its parsers raise
        if not is_held:
            return 0
        raise _Impossible(f"it cannot be read ({error})") from None
    rows = sum(_sheet(sheet, tables, person) for sheet in book.worksheets)
    for name in book.properties.__elements__:
        if person.is_in(words := str(getattr(book.properties, name) or "")):
            setattr(book.properties, name, person.removed_from(words))
    if not rows and not is_held:
        return 0
    book.save(to)
    if _xlsx_holds(to, person):
        raise _Impossible("the e-mail stands beside the cells of its sheets")
    return rows or 1


def _sheet(sheet, tables: Sequence[Table], person: Person) -> int:
    """The rows of a sheet in which the person stood, and stands no more."""
    rows, columns = 0, _Columns([], set())
    for cells in sheet.iter_rows():
        texts = [cell_text(cell.value) for cell in cells]
        for cell in cells:
            if cell.hyperlink and person.is_in(cell.hyperlink.target):
                cell.hyperlink = None
            if cell.comment and person.is_in(cell.comment.text):
                cell.comment = None
        if not columns.names and best_fit(tables, texts):
            columns = _Columns.of(texts, tables)
        elif _is_theirs(texts, columns.phones(), person):
            rows += 1
            new = _without(texts, columns, person)
            for cell, old, text in zip(cells, texts, new, strict=True):
                if text != old:
                    cell.value = text or None
    return rows


def _xlsx_holds(path: Path, person: Person) -> bool:
    """Whether any part of a workbook holds the e-mail, with formats inside of it or
    not."""
    with zipfile.ZipFile(path) as archive:
        for part in archive.namelist():
            text = archive.read(part).decode("utf-8", "replace")
            plain = re.sub(r"<[^>]*>", "", re.sub(r"</(si|is|text)>", "\n", text))
            if person.is_in(text) or person.is_in(plain):
                return True
    return False


def _parquet(path: Path, to: Path, tables: Sequence[Table], person: Person) -> int:
    """Parquet: texts of the person's rows anew; the types stay."""
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        source = f"read_parquet({literal(path)})"
        try:
            relation = connection.sql(f"from {source}")
            names, types = relation.columns, list(map(str, relation.types))
        except (duckdb.Error, UnicodeError) as error:
            raise _Impossible(f"it cannot be read ({error})") from None
        columns = _Columns.of(names, tables)
        texts = [i for i, kind in enumerate(types) if kind == "VARCHAR"]
        nested = [i for i in range(len(names)) if i not in texts]
        found = f"regexp_matches({{}}, {literal(person.pattern)}, 'i')"

        def holds(positions: Iterable[int]) -> str:
            tests = [
                found.format(f"cast({quoted(names[i])} as varchar)") for i in positions
            ]
            return f"coalesce({' or '.join(tests)}, false)" if tests else "false"

        def any_of(tests: Iterable[str]) -> str:
            return " or ".join(tests) or "false"

        if connection.sql(f"from {source} where {holds(nested)} limit 1").fetchall():
            raise _Impossible("the e-mail stands in a nested column")
        phones = [i for i in columns.phones() if i in texts]
        for i in phones:  # the numbers beside the e-mail
            column = quoted(names[i])
            for (value,) in connection.sql(
                f"select distinct {column} from {source} "
                f"where {holds(texts)} and {column} is not null"
            ).fetchall():
                person.phone(value)
        last_nine = "right(regexp_replace({}, '[^0-9]', '', 'g'), 9)"
        listed = ", ".join(map(literal, person.phones)) or "null"
        by_phone = any_of(
            f"coalesce({last_nine.format(quoted(names[i]))} in ({listed}), false)"
            for i in phones
        )
        other = any_of(f"contains({quoted(names[i])}, '@')" for i in texts)
        theirs = f"({holds(texts)} or (({by_phone}) and not coalesce({other}, false)))"
        rows = connection.sql(
            f"select count(*) from {source} where {theirs}"
        ).fetchall()[0][0]
        if not rows:
            return 0
        kept = []
        for i, name in enumerate(names):
            column = quoted(name)
            new = column
            if i in texts:
                once = (
                    f"regexp_replace({{}}, {literal(person.pattern)}, "
                    f"{literal(chr(92) + '1' + person.stand_in + chr(92) + '2')}, 'gi')"
                )
                new = once.format(once.format(column))
                if i in phones:
                    cases = " ".join(
                        f"when {literal(nine)} then {literal(drawn)}"
                        for nine, drawn in person.phones.items()
                    )
                    cleaned = (
                        f"case {last_nine.format(column)} {cases} else '' end"
                        if cases
                        else "''"
                    )
                    new = f"case when {holds([i])} then {new} else {cleaned} end"
                elif i in columns.personal():
                    new = f"case when {holds([i])} then {new} else '' end"
                new = f"case when {theirs} and {column} is not null then {new} "
                new += f"else {column} end"
            kept.append(f"{new} as {column}")
        connection.execute(
            f"copy (select {', '.join(kept)} from {source}) to {literal(to)} "
            "(format parquet, compression zstd)"
        )
        return rows


# ------------------------------------------------------------------ the lake, the proof


def _forget_in_lake(lake: Path, person: Person, result: Forgotten) -> None:
    """Rewrite what a load cannot: rows of files that have left the landing folder."""
    for path in sorted(lake.rglob("*.parquet")):
        draft = path.with_name(f".{path.name}.forgetting")
        try:
            rows = _parquet(path, draft, (), person)
        except _Impossible as error:
            raise UserError(
                f"{path.relative_to(lake)} cannot be rewritten: {error}.",
                "Delete the lake and run `warehouse load`: it makes it again.",
            ) from None
        if rows:
            draft.replace(path)
            result.lake_files += 1


def _prove(data: Path, people: Sequence[Person], with_published: bool) -> None:
    """Search everything that is kept.

    Raises:
        UserError: An e-mail is left; the files are named.
    """
    folders = ["landing", "lake", "logs", *(["published"] if with_published else [])]
    left = set()
    for person in people:
        for folder in [*(data / name for name in folders), data]:
            found = holding(folder, person, deep=folder != data)
            left |= {str(path.relative_to(data)) for path in found}
    if left:
        raise UserError(
            f"An e-mail is left in {', '.join(sorted(left))}.",
            "Delete or mend these files, then `warehouse forget` again.",
        )


def holding(folder: Path, person: Person, deep: bool = True) -> list[Path]:
    """The files of a folder that hold a person's e-mail, whatever their kind.

    Args:
        folder: Where to look.
        person: Whom to look for.
        deep: Whether to look into the folders below, too.
    """
    return [
        path
        for path in sorted(folder.rglob("*") if deep else folder.glob("*"))
        if path.is_file() and not path.is_symlink() and _holds(path, person)
    ]


def _holds(path: Path, person: Person) -> bool:
    """Whether a file holds the e-mail, unpacked where it is packed."""
    with path.open("rb") as file:
        head = file.read(16)
    if head.startswith(b"PAR1"):
        with duckdb.connect() as connection:
            source = f"read_parquet({literal(path)})"
            return _any_row_holds(connection, source, person)
    if head[8:12] == b"DUCK":
        with duckdb.connect(str(path), read_only=True) as connection:
            tables = connection.sql("select table_name from duckdb_tables()")
            return any(
                _any_row_holds(connection, quoted(name), person)
                for (name,) in tables.fetchall()
            )
    return person.is_in(_text_in(path.read_bytes()))


def _any_row_holds(
    connection: duckdb.DuckDBPyConnection, source: str, person: Person
) -> bool:
    """Whether any column of any row holds the e-mail, inside of lists and all."""
    columns = ", ".join(
        f"cast({quoted(name)} as varchar)"
        for name in connection.sql(f"from {source}").columns
    )
    found = connection.sql(
        f"select 1 from {source} where regexp_matches(concat_ws(chr(10), {columns}), "
        f"{literal(person.pattern)}, 'i') limit 1"
    )
    return bool(found.fetchall())


def _text_in(content: bytes) -> str:
    """The text of bytes: unpacked, in whichever encoding makes sense."""
    if content.startswith(b"\x1f\x8b"):
        content = gzip.decompress(content)
    if content.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = [_text_in(archive.read(name)) for name in archive.namelist()]
        return "\n".join(parts)
    content = content.replace(b"\0", b"")  # UTF-16 is its letters with zeros between
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")
