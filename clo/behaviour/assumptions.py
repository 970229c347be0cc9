"""One scenario of the pool: everything that can be assumed of the borrowers, and what must agree between it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
from pydantic import Field, ValidationError, field_validator
from pydantic_core import PydanticCustomError

from clo.behaviour.arrears import Arrears
from clo.behaviour.changes import Repurchase, Restructuring, ServicerFailure
from clo.behaviour.defaults import WHOLE, Cumulative, Defaults, DefaultScale
from clo.behaviour.prepayment import Incentive, Ramp
from clo.behaviour.recovery import Recovery
from clo.findings import Finding, InputError
from clo.quantities import AnnualShares, Share, Shares, SignedRate, Terms, in_words

Order = Literal["default_first", "prepayment_first"]
PREPAYMENT = ("cpr", "smm", "prepayment_ramp")
"""Fields of which a scenario has one."""
NO_DEFAULTS = "E-A005"
ALL_CURVES = "shift"
"""Key of `rates` that stands for every curve not named."""


class Behaviour(Terms):
    """What the borrowers are assumed to do; docs/behaviour.md says what each field means. A field left out is not stated."""

    cdr: AnnualShares | None = None
    defaults: Defaults | None = None
    default_scale: DefaultScale | None = None
    arrears: Arrears | None = None
    recovery: Recovery | None = None
    recovery_lag: Annotated[int, Field(ge=0, le=600, strict=True)] | None = None
    recovery_timing: Annotated[tuple[Share, ...], Field(min_length=1)] | None = None
    recovery_cost: Share | None = None
    setoff: Literal["recovered", "lost"] | None = None
    cpr: AnnualShares | None = None
    smm: Shares | None = None
    prepayment_ramp: Ramp | None = None
    prepayment_incentive: Incentive | None = None
    prepayment_fee: Shares | None = None
    order: Order | None = None
    restructuring: Restructuring | None = None
    repurchase: Repurchase | None = None
    servicer_failure: ServicerFailure | None = None
    drawn_at_default: Share | None = None
    rates: dict[str, SignedRate] | None = None
    performance: tuple[Share, Share, Share] | None = None

    @field_validator("recovery_timing")
    @classmethod
    def _at_most_all(cls, shares: tuple[float, ...] | None) -> tuple[float, ...] | None:
        if shares is not None and sum(shares) > 1.0 + WHOLE:
            said, fix = f"the shares add up to {sum(shares):.6g}", "make them add up to 100% at most"
            raise PydanticCustomError("recovery_timing", "{said}", {"said": said, "fix": fix})
        return shares

    @field_validator("performance")
    @classmethod
    def _everybody(cls, shares: tuple[float, float, float] | None) -> tuple[float, float, float] | None:
        if shares is not None and abs(sum(shares) - 1.0) > WHOLE:
            said, fix = f"the shares add up to {sum(shares):.6g}", "give the share of borrowers in each of the three"
            raise PydanticCustomError("performance", "{said}", {"said": said, "fix": fix})
        return shares

    @property
    def from_tape(self) -> bool:
        """Whether defaults are those the tape records."""
        return self.defaults == "tape"

    @property
    def rolls(self) -> bool:
        """Whether loans move between states of arrears by roll rates."""
        return self.arrears is not None and self.arrears.roll_rates is not None

    def rate_shifts(self, curves: Iterable[str]) -> dict[str, float]:
        """What each curve is moved by, as a yearly rate."""
        rates = self.rates or {}
        return {name: rates.get(name, rates.get(ALL_CURVES, 0.0)) for name in curves}


class Assumptions(Behaviour):
    """A scenario given in a program: `Assumptions(cdr=0.02, recovery=0.4)`. Nested terms may be given as mappings.

    What is not stated is nothing: no prepayment, no recovery, a lag of 0, defaults before prepayment. Arrays and series
    count as vectors. Raises InputError with every problem at once.
    """

    def __init__(self, **given: Any) -> None:
        try:
            super().__init__(**{name: plain(value) for name, value in given.items()})
        except ValidationError as error:
            raise InputError(_of_field(detail) for detail in error.errors(include_url=False)) from None
        findings = [*conflicts(self)]
        if findings:
            raise InputError(findings)


def plain(value: Any) -> Any:
    """Arrays, series and NumPy's numbers as Python has them, also inside lists and mappings."""
    if isinstance(value, np.ndarray | np.generic | pd.Series):
        return np.asarray(value).tolist()
    if isinstance(value, Mapping):
        return {key: plain(inner) for key, inner in value.items()}
    return [plain(inner) for inner in value] if isinstance(value, list | tuple) else value


UNIONS = frozenset({"cdr", "cpr", "smm", "prepayment_fee", "recovery", "defaults"})
"""Fields whose errors name, after the field, which of several kinds of value was tried."""


def _of_field(detail: Mapping[str, Any]) -> Finding:
    first, *rest = (str(part) for part in detail["loc"])
    place = [first, *(rest[1:] if first in UNIONS else rest)]
    if detail["type"] == "extra_forbidden":
        fix = f"fields: {', '.join(Behaviour.model_fields)}"
        return Finding("E-A003", "error", f"{place[0]} is no assumption", "a field of docs/behaviour.md", fix, field=place[0])
    fix = detail.get("ctx", {}).get("fix", "see docs/behaviour.md")
    value = detail["input"]
    shown = "" if isinstance(value, Mapping | Terms) else str(value)
    rule = "every value fits its field"
    return Finding("E-A002", "error", in_words(detail), rule, fix, field=".".join(place), value=shown)


def conflicts(assumed: Behaviour) -> Iterator[Finding]:
    """What does not agree between the fields of one scenario, as findings with the field they are about."""
    models = [name for name in ("cdr", "defaults") if getattr(assumed, name) is not None]
    models += ["arrears.roll_rates"] if assumed.rolls else []
    paying = [name for name in PREPAYMENT if getattr(assumed, name) is not None]
    tape, rolls, changes = assumed.from_tape, assumed.rolls, assumed.restructuring
    of_balance = isinstance(assumed.defaults, Cumulative) and assumed.defaults.of == "balance"
    lag = assumed.arrears is not None and assumed.arrears.lag is not None
    from_loss = assumed.recovery == "tape"
    table: list[tuple[bool, str, str, str, str]] = [
        (not models, NO_DEFAULTS, "cdr", "no model of default is stated", "give cdr (0 allowed), defaults or arrears.roll_rates"),
        (len(models) > 1, "E-A006", "defaults", f"{' and '.join(models)} both say who defaults", "keep one default model"),
        (from_loss and not tape, "E-A007", "recovery", "recovery comes from the tape, and defaults do not",
         "add defaults: tape, or give a recovery rate"),
        (from_loss and assumed.setoff is not None, "E-A007", "recovery",
         "the loss on the tape already counts what was set off", "leave out setoff, or give a recovery rate"),
        (len(paying) > 1, "E-A030", paying[-1] if paying else "cpr", f"{' and '.join(paying)} both say who prepays", "keep one"),
        (assumed.default_scale is not None and (tape or of_balance or rolls), "E-A031", "default_scale",
         "there is no hazard to scale: defaults are the tape's, an amount, or roll rates", "leave it out"),
        (rolls and changes is not None, "E-A032", "restructuring", "roll rates and new terms exclude each other", "keep one"),
        (tape and (lag or changes is not None), "E-A033", "arrears" if lag else "restructuring",
         "defaults of the tape go with neither a lag nor new terms", "leave it out, or model defaults"),
        (of_balance and changes is not None and changes.default_multiplier != 1.0, "E-A034", "restructuring.default_multiplier",
         "an amount that defaults has no hazard to multiply", "leave it out, or say of: loans"),
        (rolls and assumed.order == "prepayment_first", "E-A035", "order",
         "with roll rates a loan prepays once it has paid what is due", "leave out order"),
        (assumed.prepayment_incentive is not None and assumed.smm is not None, "E-A036", "prepayment_incentive",
         "the incentive multiplies an annual rate, and smm is monthly", "give cpr or prepayment_ramp"),
    ]  # fmt: skip
    for broken, code, field, message, fix in table:
        if broken:
            yield Finding(code, "error", message, "the fields of a scenario agree with each other", fix, field=field)


def replaced(fields: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a scenario with those given in their place; one model of default or prepayment takes the place of another."""
    merged = dict(fields)
    rolling = isinstance(given.get("arrears"), Mapping) and "roll_rates" in given["arrears"]
    if rolling or "cdr" in given or "defaults" in given:
        for name in ("cdr", "defaults", "default_scale"):
            merged.pop(name, None)
        if isinstance(merged.get("arrears"), Mapping) and "roll_rates" in merged["arrears"]:
            merged.pop("arrears")
    if any(name in given for name in PREPAYMENT):
        for name in PREPAYMENT:
            merged.pop(name, None)
    return merged | dict(given)


def short_vectors(assumed: Behaviour, months: int) -> list[Finding]:
    """What to know before a run over so many months: vectors by month that end before it."""
    found = []
    for name in ("cdr", "cpr", "smm"):
        given = getattr(assumed, name)
        if isinstance(given, tuple) and len(given) < months:
            message = f"{name} has {len(given)} months, the horizon {months}: its last, {given[-1]:.6g}, holds on"
            found.append(Finding("W-A010", "warning", message, "a vector covers the horizon", "extend it", field=name))
    return found
