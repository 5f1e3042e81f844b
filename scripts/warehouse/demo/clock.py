"""Shop-local time, vectorised. Moments are whole seconds since 1970."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

DAY = 86_400


class Clock:
    """Wall clock of one time zone between two dates.

    Args:
        zone: IANA name.
        first, last: The dates between which moments will be converted.
    """

    def __init__(self, zone: str, first: date, last: date):
        info = ZoneInfo(zone)
        hour = datetime(first.year, first.month, first.day, tzinfo=UTC)
        hour -= timedelta(days=3)
        stop = datetime(last.year, last.month, last.day, tzinfo=UTC)
        stop += timedelta(days=60)
        changes, offsets = [], []
        while hour < stop:
            offset = int(info.utcoffset(hour.astimezone(info)).total_seconds())
            if not offsets or offsets[-1] != offset:
                changes.append(int(hour.timestamp()))
                offsets.append(offset)
            hour += timedelta(hours=1)
        self._changes = np.array(changes, dtype=np.int64)
        self._offsets = np.array(offsets, dtype=np.int64)

    def offset(self, utc: np.ndarray) -> np.ndarray:
        """Seconds to add to UTC moments to get the wall clock."""
        at = np.searchsorted(self._changes, utc, side="right") - 1
        return self._offsets[np.maximum(at, 0)]

    def local(self, utc: np.ndarray) -> np.ndarray:
        """UTC moments as the wall clock shows them."""
        return utc + self.offset(utc)

    def utc(self, local: np.ndarray) -> np.ndarray:
        """Wall-clock moments as UTC; an hour that is skipped moves to the next one."""
        guess = local - self.offset(local)
        return local - self.offset(guess)


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - date(1970, 1, 1)).days


def months_between(first: date, last: date) -> list[tuple[date, date]]:
    """The calendar months that touch the range, cut to it, as (first day, last day)."""
    months = []
    day = first
    while day <= last:
        after = date(day.year + day.month // 12, day.month % 12 + 1, 1)
        months.append((day, min(last, after - timedelta(days=1))))
        day = after
    return months
