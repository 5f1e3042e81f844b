"""Which channel a visit came by, in plain Python: seeds/channel_rules.csv, row by row.

A script asks it for a few hundred different combinations, never for each visit, so it
makes no difference to how fast a script is.
"""

import csv
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

FACEBOOK = ("IwAR", "IwY2", "IwZX", "PAZX", "fb.", "fbclid")
CLICK_IDS = "gclid|gbraid|wbraid|dclid|msclkid|fbclid|ttclid"


def rows(seeds: Path, name: str) -> list[dict[str, str]]:
    """A seed, every cell a text."""
    with (seeds / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def paid_channels(seeds: Path) -> set[str]:
    """The channels that are paid for."""
    listed = rows(seeds, "channels")
    return {row["channel_id"] for row in listed if row["is_paid"] == "true"}


def finder(
    seeds: Path, ads: dict[str, str]
) -> Callable[[str | None, str | None, str | None, str | None], str]:
    """A function of source, medium, campaign and click id that gives the channel.

    Of a click id it is told what it is: `facebook` for the one Facebook puts on every
    link, `ad` for the others, which only ads get, and nothing for none.

    Args:
        seeds: Folder of channel_rules.csv, traffic_sources.csv and channels.csv.
        ads: Name or id of a campaign in lower case → the channel of its spend.
    """
    rules = sorted(rows(seeds, "channel_rules"), key=lambda row: int(row["priority"]))
    names = [
        (row["source_name"], row["source_category"])
        for row in rows(seeds, "traffic_sources")
    ]
    names.sort(key=lambda name: (-len(name[0]), name[0]))
    paid = paid_channels(seeds)

    @cache
    def channel(source, medium, campaign, click) -> str:
        told = {
            "source": (source or "").strip().lower(),
            "medium": (medium or "").strip().lower(),
            "campaign": (campaign or "").strip().lower(),
            "click_id": click or "",
        }
        dotted = f".{told['source']}."
        category = next((c for name, c in names if f".{name}." in dotted), None)
        for rule in rules:
            if rule["source_category"] not in ("", category):
                continue
            if all(re.search(rule[f"{k}_pattern"], text) for k, text in told.items()):
                found = rule["channel_id"]
                return ads.get(told["campaign"], found) if found in paid else found
        return "unassigned"

    return channel


def ad_channel(seeds: Path) -> Callable[[str, str | None], str]:
    """A function of platform and campaign type that gives the channel of an ad."""
    table = {
        (row["platform"], row["campaign_type"]): row["channel_id"]
        for row in rows(seeds, "ad_channels")
    }

    def channel(platform: str, kind: str | None) -> str:
        known = table.get((platform, (kind or "").strip().lower()))
        return known or table.get((platform, ""), "paid_other")

    return channel


def purpose(seeds: Path) -> Callable[[str | None], str]:
    """A function of a campaign's name that says what it is for."""
    rules = sorted(
        rows(seeds, "campaign_purposes"), key=lambda row: int(row["priority"])
    )

    def of(name: str | None) -> str:
        text = (name or "").lower()
        return next(
            (r["purpose"] for r in rules if re.search(r["name_pattern"], text)),
            "acquisition",
        )

    return of


def patterns(seeds: Path, name: str) -> dict[str, str]:
    """Field → one pattern of all its rules, for bots.csv and internal_traffic.csv."""
    found: dict[str, list[str]] = {}
    for row in rows(seeds, name):
        found.setdefault(row["field"], []).append(f"(?:{row['pattern']})")
    return {field: "|".join(parts) for field, parts in found.items()}
