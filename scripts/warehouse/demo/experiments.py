"""What the demo shop tried out, and what else happened to it.

Two experiments in the European shop: a new checkout button, shown to those who filled a
cart, and the home page against itself. The button's tool writes a list, the home page's
tells GA4, in whose export its impressions stand. The button's lift is planted by whom
the dice put where, so that visits and orders stay those of the shop without any
experiment.
"""

from datetime import date, timedelta

import numpy as np

from warehouse.demo.clock import day_number
from warehouse.demo.department import Department
from warehouse.demo.ga4 import impressions_query
from warehouse.demo.table import Table, length, stack, take
from warehouse.demo.world import (
    BROKEN_CHECKOUT,
    FAILED_CAMPAIGN,
    SHOPS,
    black_friday,
    newsletter_days,
)

BUTTON = ("checkout_button", date(2026, 5, 4), date(2026, 6, 14))
HOME_PAGE = ("home_page_aa", date(2026, 3, 2), date(2026, 3, 29))
# Of those who bought, this share had seen the new button; of all, one half.
BUYERS_WITH_BUTTON = 0.58
# Cleared cookies and shared computers: some see both.
BOTH = 0.006
ASSIGNMENT_COLUMNS = [
    "shop_id",
    "experiment_id",
    "variant",
    "visitor_id",
    "assigned_at",
]
EVENT_COLUMNS = [
    "shop_id", "event_id", "kind", "name", "starts_at", "ends_at", "channel",
]  # fmt: skip

# Kind, name, shop, shop-local start, length in hours (none: a moment, or it stayed),
# channel.
EVENTS = (
    (
        "tweet",
        "A climber's tweet of the Fjell tent",
        "alder_eu",
        "2025-05-20 18:30",
        None,
        "organic_social",
    ),
    ("price", "Prices rise by 4 %", None, "2026-01-01 00:00", None, None),
    ("redesign", "New product pages", "alder_us", "2025-09-15 06:00", None, None),
    ("redesign", "New start page", "alder_eu", "2026-04-13 06:00", None, None),
    (
        "tweet",
        "A presenter's tweet of the enamel mug",
        "alder_us",
        "2026-06-09 20:15",
        None,
        "organic_social",
    ),
)


class Experiments(Department):
    """Writes the assignments of the experiments and the list of events."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.seen: dict[str, list[Table]] = {BUTTON[0]: [], HOME_PAGE[0]: []}

    def visits(self, index: int, visits: Table, first: date, last: date) -> None:
        if SHOPS[index].shop_id != "alder_eu" or not length(visits):
            return
        for name, since, until in (BUTTON, HOME_PAGE):
            rows = visits["counted"] & (visits["day"] >= day_number(since))
            rows = rows & (visits["day"] <= day_number(until) + 7)
            if name == BUTTON[0]:
                rows = rows & (visits["adds"] > 0)
            rows = rows & (visits["at"] <= self.book.end(index))
            self.seen[name].append(
                {
                    "visitor": visits["visitor"][rows],
                    "at": visits["at"][rows],
                    "session_number": visits["session_number"][rows],
                    "device": visits["device"][rows],
                    "late": visits["day"][rows] > day_number(until),
                    "bought": visits["purchases"][rows] > 0,
                }
            )

    def finish(self) -> None:
        self._assignments()
        self._events()

    def _assignments(self) -> None:
        made = [self._button(), self._home_page()]
        table = stack([part for part in made if part])
        if not length(table):
            return
        # Browsers as analytics knows them.
        index = next(i for i, s in enumerate(SHOPS) if s.shop_id == "alder_eu")
        visitor = table["visitor"]
        table["one"] = self.chance.whole(10**9, 10**10 - 1, "client", index, visitor)
        table["two"] = self.chance.whole(
            16 * 10**8, 17 * 10**8, "client since", index, visitor
        )
        del table["visitor"]
        self.writer.table("experiment_rows", table)
        self.writer.append_csv(
            "landing/flat/experiment_assignments.csv",
            ASSIGNMENT_COLUMNS,
            f"""
            select
                'alder_eu',
                '{BUTTON[0]}',
                case when is_treated then 'green_button' else 'control' end,
                one || '.' || two,
                strftime(make_timestamp("at" * 1000000), '%Y-%m-%dT%H:%M:%SZ')
            from experiment_rows
            where is_button
            order by "at", one
            """,
        )
        if not table["is_button"].all():
            self.writer.copy(
                "landing/ga4/alder_eu/events_home_page_test.jsonl",
                impressions_query(HOME_PAGE[0]),
                "format json",
            )

    def _firsts(self, name: str) -> Table | None:
        """Each visitor's first visit in the experiment, and whether one bought then or
        in the week after."""
        seen = stack(self.seen[name])
        if not length(seen):
            return None
        seen = take(seen, np.lexsort((seen["at"], seen["visitor"])))
        visitor, start = np.unique(seen["visitor"], return_index=True)
        counts = np.diff(np.r_[start, len(seen["at"])])
        began = np.repeat(seen["at"][start], counts)
        soon = seen["bought"] & (seen["at"] < began + 7 * 86_400 - 3_600)
        firsts = {
            "visitor": visitor,
            "at": seen["at"][start],
            "session_number": seen["session_number"][start],
            "device": seen["device"][start],
            "bought": np.add.reduceat(soon, start) > 0,
        }
        return take(firsts, ~seen["late"][start])

    def _button(self) -> Table | None:
        firsts = self._firsts(BUTTON[0])
        if firsts is None or not length(firsts):
            return None
        bought = firsts["bought"]
        # Exact shares, not draws: even a small shop shows who is ahead.
        treated = np.zeros(len(bought), dtype=bool)
        luck = self.chance.uniform("checkout button", firsts["visitor"])
        buyers = round(BUYERS_WITH_BUTTON * bought.sum())
        for rows, number in (
            (bought, buyers),
            (~bought, round(len(bought) / 2) - buyers),
        ):
            places = np.flatnonzero(rows)
            treated[places[np.argsort(luck[places], kind="stable")][:number]] = True
        return self._rows(firsts, treated, is_button=True)

    def _home_page(self) -> Table | None:
        firsts = self._firsts(HOME_PAGE[0])
        if firsts is None or not length(firsts):
            return None
        treated = self.chance.happens(0.5, "home page", firsts["visitor"])
        return self._rows(firsts, treated, is_button=False)

    def _rows(self, firsts: Table, treated: np.ndarray, is_button: bool) -> Table:
        """One row a visitor, and a second one for those who saw both variants."""
        again = self.chance.happens(BOTH, "saw both", firsts["visitor"], is_button)
        row = np.r_[np.arange(len(treated)), np.flatnonzero(again)]
        second = np.r_[np.zeros(len(treated), bool), np.ones(again.sum(), bool)]
        return {
            "visitor": firsts["visitor"][row],
            "at": firsts["at"][row] + np.where(second, 90, 1),
            "session_at": firsts["at"][row],
            "session_number": firsts["session_number"][row],
            "device": firsts["device"][row],
            "is_treated": treated[row] ^ second,
            "is_button": np.full(len(row), is_button),
        }

    def _events(self) -> None:
        rows = []
        for kind, name, shop_id, starts, hours, channel in EVENTS:
            rows.append((kind, name, shop_id, starts, hours, channel))
        rows.append(
            (
                "outage",
                "Checkout broken",
                "alder_eu",
                f"{BROKEN_CHECKOUT} 00:00",
                24,
                None,
            )
        )
        since, until = FAILED_CAMPAIGN
        hours = 24 * ((until - since).days + 1)
        rows.append(
            (
                "campaign",
                "Summer campaign, DE and AT",
                "alder_eu",
                f"{since} 00:00",
                hours,
                "paid_social",
            )
        )
        for year in range(self.first.year, self.last.year + 1):
            friday = black_friday(year)
            rows.append(("sale", f"Black Friday {year}", None, f"{friday} 00:00", 24,
                         None))  # fmt: skip
        # Every fourth newsletter was one that people talked about.
        for day in newsletter_days(self.first, self.last)[3::4]:
            rows.append(("newsletter", f"Newsletter of {day}", "alder_eu",
                         f"{day} 09:00", None, "email"))  # fmt: skip
        lines = []
        for number, (kind, name, shop_id, starts, hours, channel) in enumerate(
            sorted(rows, key=lambda row: (row[3], row[1])), start=1
        ):
            if not str(self.first) <= starts[:10] <= str(self.last):
                continue
            lines.append(
                [shop_id, f"e{number:03d}", kind, name, *self._moments(
                    shop_id, starts, hours), channel]
            )  # fmt: skip
        self.writer.csv("landing/flat/business_events.csv", EVENT_COLUMNS, lines)

    def _moments(self, shop_id, starts: str, hours: int | None) -> list[str | None]:
        """Start and end as UTC; what concerns every shop is told in UTC."""
        day, clock_time = date.fromisoformat(starts[:10]), starts[11:]
        seconds = day_number(day) * 86_400
        seconds += int(clock_time[:2]) * 3_600 + int(clock_time[3:]) * 60
        for index, shop in enumerate(SHOPS):
            if shop.shop_id == shop_id:
                clock = self.book.shops[index].clock
                seconds = int(clock.utc(np.array([seconds]))[0])
        moments = [seconds]
        if hours:
            moments.append(seconds + hours * 3_600 - 60)
        shown = [
            f"{date(1970, 1, 1) + timedelta(days=s // 86_400)}T"
            f"{s % 86_400 // 3_600:02d}:{s % 3_600 // 60:02d}:00Z"
            for s in moments
        ]
        return [*shown, None][:2]
