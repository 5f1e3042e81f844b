"""How the report writes values, changes, periods and members."""

from datetime import date, datetime

from warehouse.status import MISSING, SYMBOLS, format_change, format_value

GRAINS = ("day", "week", "month", "quarter", "year")
# Units of a board's columns that no KPI has.
TEXT_UNITS = ("text", "date", "period")


def short(label: str) -> str:
    """A KPI's label without its abbreviation in brackets."""
    return label.split(" (")[0]


def period(grain: str, start: date) -> str:
    """A period in a few letters, as on an axis: `23 Sep`, `Sep ’26`, `Q3 ’26`."""
    if grain in ("day", "week"):
        return f"{start.day} {start:%b}"
    if grain == "month":
        return f"{start:%b ’%y}"
    if grain == "quarter":
        return f"Q{(start.month + 2) // 3} ’{start:%y}"
    return f"{start:%Y}"


def full_period(grain: str, start: date) -> str:
    """A period in words, as in a sentence: `week of 21 September 2026`."""
    if grain == "day":
        return f"{start:%a} {start.day} {start:%B %Y}"
    if grain == "week":
        return f"week of {start.day} {start:%B %Y}"
    if grain == "month":
        return f"{start:%B %Y}"
    return period(grain, start) if grain == "year" else f"{period('quarter', start)}"


def since(grain: str, start: date) -> str:
    """When something began, as short as it can be understood: `21 Sep 2026`."""
    if grain in ("day", "week"):
        day = value(start, "date", "")
        return day if grain == "day" else f"week of {day}"
    return full_period(grain, start)


def value(number: object, unit: str, currency: str) -> str:
    """A cell as people write it; None is a dash.

    Args:
        number: Shares of 1 for percents; text and dates for the units of that name.
        unit: A unit of `kpi_catalog`, or relative (a change over what it changed),
            text, date, period.
        currency: ISO code of the reporting currency.
    """
    if number is None or number == "":
        return MISSING
    if unit == "relative":
        return f"{float(number):.1%}".replace("-", "−")
    if unit in TEXT_UNITS:
        if isinstance(number, datetime | date):
            return f"{number.day} {number:%b %Y}"
        return str(number)
    return format_value(float(number), unit, currency)


def number(value: float) -> str:
    """A part of a formula: whole where it is, else with two digits, small ones more."""
    value = float(value)
    digits = 0 if value.is_integer() else 2 if abs(value) >= 1 else 4
    return f"{value:,.{digits}f}".replace("-", "−")


def column(numbers: list, unit: str, currency: str) -> list[str]:
    """The cells of a column, all with as many digits as its largest value needs.

    Args:
        numbers: Values; None is a dash.
        unit: The column's unit.
        currency: ISO code of the reporting currency.
    """
    sizes = [abs(float(number)) for number in numbers if number is not None]
    largest = max(sizes, default=0)
    if unit == "money" and largest >= 1000:
        # A cent that only small amounts show makes a column hard to compare.
        numbers = [None if n is None else round(float(n)) for n in numbers]
        return [value(n, unit, currency).removesuffix(".00") for n in numbers]
    if unit == "percent" and largest >= 0.1:
        return [
            MISSING if n is None else f"{float(n):.1%}".replace("-", "−")
            for n in numbers
        ]
    if unit == "number":
        return [_plain(number) for number in numbers]
    return [value(number, unit, currency) for number in numbers]


def _plain(number: object) -> str:
    """A number of no unit; what is not 0 does not look as if it were."""
    text = value(number, "number", "")
    if number is None or any(digit in text for digit in "123456789"):
        return text
    number = float(number)
    if abs(number) < 1e-9:
        return text.replace("-", "").replace("−", "")
    return "<0.01" if number > 0 else ">−0.01"


def change(row: dict, unit: str, than: str = "previous") -> str:
    """The change of a scorecard row with its arrow.

    Args:
        row: A row of `kpi_scorecard`.
        unit: The KPI's unit.
        than: previous or last_year.
    """
    return format_change(
        row[f"{than}_change"],
        row[f"{than}_change_rate"],
        unit,
        than == "previous" and bool(row["is_new"]),
    )


def signed(number: float, unit: str, currency: str) -> str:
    """A difference with its sign: of shares in points, relative ones in percent."""
    if unit == "percent":
        text = f"{abs(number) * 100:.2f} pt"
    else:
        text = value(abs(number), unit, currency)
    if not any(digit in text for digit in "123456789"):
        return text
    return f"{'+' if number > 0 else '−'}{text}"


def compact(number: float, unit: str, currency: str, step: float) -> str:
    """A tick of an axis, as short as its distance to the next one allows.

    Args:
        number: Where the tick stands.
        unit: The axis' unit.
        currency: ISO code of the reporting currency.
        step: Distance between two ticks, in the unit.
    """
    if unit == "percent":
        return f"{number * 100:.{_digits(step * 100)}f}%"
    sign, size = ("−" if number < 0 else ""), abs(number)
    for factor, letter in ((1e9, "bn"), (1e6, "m"), (1e3, "k")):
        if size >= factor:
            text = f"{size / factor:.{_digits(step / factor)}f}"
            text = (text.rstrip("0").rstrip(".") if "." in text else text) + letter
            break
    else:
        text = f"{size:.{_digits(step)}f}"
    if unit == "money":
        symbol = SYMBOLS.get(currency)
        return f"{sign}{symbol}{text}" if symbol else f"{sign}{text}"
    return f"{sign}{text}"


def _digits(step: float) -> int:
    """Digits after the point that two neighbouring ticks need to differ."""
    digits = 0
    while digits < 4 and abs(step - round(step, digits)) > 1e-9 * max(step, 1e-9):
        digits += 1
    return digits
