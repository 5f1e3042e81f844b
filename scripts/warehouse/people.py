"""People: the salt that their hashes are made with, and when some were forgotten."""

import hashlib
import json
import os
import re
from pathlib import Path

from warehouse.errors import UserError
from warehouse.paths import data_dir, target_name

DEMO_SALT = "demo-salt"  # macros/people.sql knows it, too
# What tells one browser, or one visit of it, from others; with the condition under
# which it does, where the column may hold a customer, too.
BROWSER_COLUMNS = {
    "visitor_id": None,
    "session_id": None,
    "checkout_id": None,
    "person_id": "person_id = visitor_id",
    "unit_key": "unit_kind = 'visitor'",
}


def salt(target: str | None = None) -> str:
    """The salt in force.

    Args:
        target: A dbt target; the one in force when left out.

    Returns:
        `WAREHOUSE_SALT`; the demo's where it is not set, but for `prod` and a cluster.

    Raises:
        UserError: The target is `prod`, or Spark elsewhere than here, and there is no
            salt.
    """
    own, target = os.environ.get("WAREHOUSE_SALT"), target or target_name()
    master = os.environ.get("WAREHOUSE_SPARK_MASTER", "local")
    is_cluster = target == "spark" and not master.startswith("local")
    if not own and (target == "prod" or is_cluster):
        raise UserError(
            f"WAREHOUSE_SALT is not set, and {target} hashes no person without a salt "
            "of its own: with the demo's, anybody could try e-mails until one fits.",
            "Set it to a long random text, always the same; for example keep the "
            "output of `openssl rand -hex 32` where your other secrets are.",
        )
    return own or DEMO_SALT


def salt_note(target: str | None = None) -> str | None:
    """What to say where real people are hashed with the demo's salt, else None."""
    target = target or target_name()
    is_demo = target == "demo" or (data_dir(target) / "demo_files.json").exists()
    if is_demo or os.environ.get("WAREHOUSE_SALT"):
        return None
    return (
        "people are hashed with the demo's salt, which everybody knows; set "
        "WAREHOUSE_SALT before anybody else reads these tables"
    )


def hashed(email: str, salt: str) -> str:
    """An e-mail as the models know it (`hash_email` in macros/people.sql)."""
    return hashlib.sha256((salt + email.strip().lower()).encode()).hexdigest()


def masked(text: str) -> str:
    """A text for terminal and log: where it holds an e-mail, it says so instead."""
    return re.sub(r"[^\s@'\",;<>]+@[^\s@'\",;<>]+", "(an e-mail)", text)


def without_salt(text: str) -> str:
    """A text for terminal and log: where it holds the salt, it says so instead."""
    own = os.environ.get("WAREHOUSE_SALT")
    return text.replace(own, "(the salt)") if own else text


def without_browsers(columns: list[str]) -> str:
    """A select list that hashes what browsers are known by.

    A client id is personal data, as it leads to a browser. Nobody can turn its hash
    back, and it still joins and counts as before. A person who never said an e-mail is
    known by the browser, too.

    Args:
        columns: The columns of the table.

    Returns:
        The list, for a connection whose variable `salt` is set.
    """
    hashes = []
    for name, condition in BROWSER_COLUMNS.items():
        if name in columns:
            made = f"substr(sha256(getvariable('salt') || {name}), 1, 32)"
            if condition:
                made = f"case when {condition} then {made} else {name} end"
            hashes.append(f"{made} as {name}")
    return f"* replace ({', '.join(hashes)})" if hashes else "*"


def forgettings(data: Path) -> Path:
    """The log of whom `warehouse forget` has removed: JSON lines, no e-mail in them."""
    return data / "forgotten.jsonl"


def last_forgetting(data: Path) -> str:
    """When somebody was forgotten last, as build ids tell time; empty if never."""
    path = forgettings(data)
    if not path.exists():
        return ""
    lines = path.read_text(encoding="utf-8").splitlines()
    return max((json.loads(line)["at"] for line in lines if line), default="")
