"""Random deals of the synthetic purchase-type: institutions, deductibles, events, lags, premiums, and notes on deposit."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from laws.borrowers import Draw, percents
from laws.strategies import Case, dates, loans, scenarios

BANKS = ("bank_a", "bank_b", "bank_c", "bank_d", "bank_e")
CLASSES = ("aa", "bb", "cc")
FRAME = {"format": "clo.deal/1", "name": "swaps", "structure": "purchase_synthetic", "currency": "JPY"}


@st.composite
def deductibles(draw: Draw, banks: dict[str, float], room: float, *, falls: bool | None = None) -> dict[str, Any]:
    """banks: the balance of each; room: the share of it that no note stands on."""
    kind = draw(st.sampled_from(["rest", "share", "amounts"]))
    terms: dict[str, Any] = {"falls": draw(st.booleans()) if falls is None else falls}
    if kind == "amounts":
        terms["amounts"] = {name: float(int(balance * room * draw(percents(0, 1)))) for name, balance in banks.items()}
    else:
        terms["share"] = "rest" if kind == "rest" else room * draw(percents(0, 1))
    return terms


EVENTS = ("bankruptcy", "failure_to_pay", "restructuring")


@st.composite
def events(draw: Draw) -> tuple[dict[str, Any], dict[str, float] | None]:
    """What the swaps cover, and how defaults come, of which some that is covered."""
    if draw(st.booleans()):
        return {"bankruptcy": True, "restructuring": draw(st.booleans())}, None
    on = draw(st.lists(st.sampled_from(EVENTS), min_size=1, unique=True))
    weights = [draw(st.integers(0, 4)) + (event == on[0]) for event in (*EVENTS, "none")]
    mix = {event: weight / sum(weights) for event, weight in zip(EVENTS, weights, strict=False)}
    return dict.fromkeys(on, True) | {"grace": draw(st.integers(0, 4))}, mix


@st.composite
def settlements(draw: Draw, *, plain: bool) -> dict[str, Any]:
    """What is recovered, and what becomes of it later. plain: whether the scenario has one recovery rate."""
    terms = {"recovery": draw(st.just(0.0) | percents(0, 0.9))}
    if plain and draw(st.booleans()):
        terms["recovery"] = draw(st.sampled_from(["actual", terms["recovery"]]))
        later = draw(st.sampled_from(["kept", "returned", "returned"]))
        terms |= {"later_recoveries": later, "write_up": later == "returned" and draw(st.booleans())}
    return terms


@st.composite
def swaps(
    draw: Draw, banks: dict[str, float], classes: dict[str, Any], *, falls: bool | None = None, plain: bool = False
) -> dict[str, Any]:
    """The sections of a deal: the swap, and how defaults come. classes: the notes; plain: as in `settlements`."""
    room = 1.0 - sum(each["size"] for each in classes.values()) / sum(banks.values())
    legs = {
        leg: {"rate": draw(percents(0, 0.05)), "on": draw(st.sampled_from(["reference", "cover"]))}
        for leg in ("institutions", "corporation")
    }
    covered, mix = draw(events())
    terms = {
        "deductible": draw(deductibles(banks, room, falls=falls)),
        "credit_events": covered,
        "determination": draw(st.integers(0, 4)),
        "settlement": draw(st.integers(0, 4)),
        "premium": legs,
        "redeemed_at_end": draw(st.sampled_from([[], [], list(classes)[-1:]])) if len(classes) > 1 else [],
    } | draw(settlements(plain=plain))
    return {"swap": terms} | ({} if mix is None else {"default_mix": mix})


@st.composite
def notes(draw: Draw, amount: float) -> dict[str, dict[str, Any]]:
    """One to three classes that come to so much."""
    names = CLASSES[: draw(st.integers(1, len(CLASSES)))]
    weights = [draw(st.integers(1, 20)) for _ in names]
    sizes = [float(int(amount * weight / sum(weights))) for weight in weights]
    sizes[0] += amount - sum(sizes)
    drawn = zip(names, sizes, strict=True)
    return {name: {"size": size, "coupon": draw(st.just(0.0) | percents(0, 0.06))} for name, size in drawn}


@st.composite
def synthetic(
    draw: Draw,
    *,
    banks: tuple[int, int] = (2, 5),
    falls: bool | None = None,
    roundings: tuple[str, ...] = ("down", "down", "half_up", "none"),
    scenario: str = "any",
    issued: tuple[float, float] = (0.4, 1.0),
    returns: bool = False,
) -> Case:
    """banks: the fewest and the most; falls: of deductibles, either where None; issued: the least and the most of the pool;
    returns: whether recoveries may be settled as they are, and returned.
    """
    days, payments, months = draw(dates(max_months=18))
    rounding = draw(st.sampled_from(roundings))
    names = BANKS[: draw(st.integers(*banks))]
    whole = rounding != "none"
    rows = {name: draw(loans(days["cutoff"], months, whole=whole, most=3)) for name in names}
    balances = {name: sum(row["current_balance"] for row in rows[name]) for name in names}
    amount = float(int(sum(balances.values()) * draw(percents(*issued))))
    classes, behaviour = draw(notes(amount)), draw(scenarios(scenario))
    plain = returns and isinstance(behaviour.get("recovery"), float) and "setoff" not in behaviour
    terms = FRAME | {
        "principal": draw(st.sampled_from(["sequential", "pro_rata"])),
        "dates": days,
        "payments": payments,
        "day_count": draw(st.sampled_from(["ACT/365F", "ACT/360", "30/360", "1/12"])),
        "rounding": rounding,
        "pools": {name: {"tape": "none.parquet", "reference": True} for name in names},
        "accounts": {
            "collateral": {"initial": amount, "earns": draw(percents(0, 0.02)), "earns_into": "premiums"},
            "premiums": {},
        },
        "fees": {"trustee": {"rate": draw(percents(0, 0.01)), "on": "pool.opening"}} if draw(st.booleans()) else {},
        "tranches": classes,
        "scenarios": {"base": behaviour},
    }
    return Case(terms | draw(swaps(balances, classes, falls=falls, plain=plain)), rows)
