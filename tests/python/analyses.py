"""The questions in analyses/, as SQL that runs without dbt."""

import re
from dataclasses import dataclass
from pathlib import Path

import jinja2
from shop import PROJECT

from warehouse.paths import project_variables


@dataclass(frozen=True)
class Analysis:
    """One question.

    Attributes:
        path: Its file.
        question: What it asks, from the comment that the file begins with.
        words: The rest of that comment.
        sql: The query, over the names of models.
    """

    path: Path
    question: str
    words: str
    sql: str


def analyses() -> list[Analysis]:
    """Every question, by the name of its file."""
    found = []
    for path in sorted((PROJECT / "analyses").glob("*.sql")):
        text = path.read_text(encoding="utf-8")
        comment = re.match(r"(?:--.*\n)+", text)
        assert comment, f"{path.name} begins with a comment that asks its question"
        words = " ".join(comment.group(0).replace("--", " ").split())
        question, mark, rest = words.partition("?")
        assert mark, f"the comment of {path.name} asks a question"
        sql = jinja2.Template(text).render(
            ref=lambda name: name, var=project_variables().get
        )
        found.append(Analysis(path, f"{question}?", rest.strip(), sql))
    return found
