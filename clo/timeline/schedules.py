"""Regular dates between two days, with the odd period where the agreement puts it."""

from __future__ import annotations

from datetime import date
from typing import Literal, get_args

import numpy as np

from clo.timeline.calendars import BusinessDay, adjust_all
from clo.timeline.months import Days, as_days, day_of_month, month_index, on_day

Stub = Literal["short_first", "long_first", "short_last", "long_last"]


def schedule_dates(
    start: date | np.datetime64 | str,
    end: date | np.datetime64 | str,
    months: int,
    *,
    day: int | None = None,
    stub: Stub = "short_first",
    calendar: str = "none",
    business_day: BusinessDay = "unadjusted",
) -> Days:
    """Ends of periods of `months` months from start to end, both included [periods + 1].

    Regular dates are counted back from the end where the odd period is the first, and on from the start where it is the last;
    a short odd period stands by itself, a long one is joined to its neighbour. They fall on `day` of their months, or the last
    day of a shorter month. Without `day` it is the day of the date they are counted from: after 30 June come 30 and not 31
    December, after 28 February the 28th of every month. `day=31` keeps month ends. All dates, the first and last too, are then
    moved to business days; those that meet are one. Raises ValueError where the arguments do not fit each other.
    """
    first, last = as_days(start), as_days(end)
    anchor, step = (last, -months) if stub.endswith("first") else (first, months)
    on = int(day_of_month(anchor)) if day is None else day
    problems = [
        said
        for wrong, said in (
            (not first <= last, f"the end {last} is before the start {first}"),
            (months < 1, f"a period of {months} months"),
            (stub not in get_args(Stub), f"stub {stub!r} is not one of {', '.join(get_args(Stub))}"),
            (not 1 <= on <= 31 or on_day(month_index(anchor), on) != anchor, f"{anchor} is not on day {on} of its month"),
        )
        if wrong
    ]
    if problems:
        raise ValueError("; ".join(problems))
    periods = int(abs(month_index(last) - month_index(first))) // months + 1
    grid = np.sort(on_day(month_index(anchor) + step * np.arange(periods + 1), on))
    between = grid[(grid > first) & (grid < last)]
    odd = first not in grid if step < 0 else last not in grid
    if odd and stub.startswith("long"):
        between = between[1:] if step < 0 else between[:-1]
    return np.unique(adjust_all(np.concatenate(([first], between, [last])), business_day, calendar))
