"""What must agree between the terms of a deal: names, dates, scenarios, sizes, and how each value is known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from clo.behaviour.assumptions import NO_DEFAULTS, PREPAYMENT, conflicts
from clo.deal.backing import backing_findings
from clo.deal.contracts import closing_findings
from clo.deal.families import families_filled_in, family_findings
from clo.deal.marks import empty
from clo.deal.name_checks import name_findings, not_there
from clo.deal.structures import SYNTHETIC, WRITTEN
from clo.deal.structures.guarantee_checks import rating_warnings
from clo.deal.structures.receivables import stop_triggers
from clo.deal.terms import ORDER, Deal, enclosing, leaves
from clo.findings import Finding, nearest
from clo.timeline import Timeline, payment_timeline

NOT_VALUES = frozenset({"format", "sources", "published", "derived", "assumed"})
"""Keys that say what the file is, or about marks themselves."""
MARKED_AT_WILL = frozenset({"name", "name_ja", "structure", "principal", "waterfall", "macros", "currency", "assertions"})
"""Keys that say which deal it is and how it pays: a mark is read, and not asked for."""
MARKS = "every value of a deal is published (by a source), derived (by a formula) or assumed"


def timeline_of(deal: Deal) -> Timeline | list[Finding]:
    """The dates of the deal, or all that is wrong with them."""
    found = payment_timeline(
        cutoff=deal.dates.cutoff,
        closing=deal.dates.closing,
        first_payment=deal.dates.first_payment,
        legal_final=deal.dates.legal_final,
        months_between=deal.payments.months_between,
        day=deal.payments.day,
        calendar=deal.payments.calendar,
        business_day=deal.payments.business_day,
        accrue_to_adjusted=deal.payments.accrual == "adjusted",
    )
    if isinstance(found, Timeline):
        return found
    rule = "cutoff <= closing < first_payment <= legal_final; payment dates are adjusted dates that follow `payments`"
    return [deal.origin.finding("E-D050", f"dates.{p.field}", p.message, p.fix, rule=rule, value=str(p.value)) for p in found]


def deal_findings(deal: Deal, data: Mapping[str, Any]) -> list[Finding]:
    """Everything that does not agree between the terms; `data` is the deal as written, whose values need marks."""
    return [*terms_findings(deal), *_waterfall(deal), *_marks(deal, data)]


def terms_findings(deal: Deal) -> list[Finding]:
    """What does not agree between the terms of any deal, read from a file or made in a program."""
    timeline, filled = timeline_of(deal), families_filled_in(deal)
    return [
        *name_findings(deal),
        *family_findings(deal),
        *backing_findings(filled),
        *closing_findings(filled),
        *_sizes(deal),
        *_whole(deal),
        *(timeline if isinstance(timeline, list) else ()),
        *_scenarios(deal),
        *_assertions(deal, timeline.payments if isinstance(timeline, Timeline) else None),
    ]


def _sizes(deal: Deal) -> Iterator[Finding]:
    rest = [name for name, tranche in deal.tranches.items() if tranche.size == "rest"]
    for name in rest[1:]:
        message = f"{name!r} and {rest[0]!r} both take the rest of the pool"
        yield deal.origin.finding("E-D021", f"tranches.{name}.size", message, "give all but one a size", value="rest")
    for name, tranche in deal.tranches.items():
        if tranche.size != "rest":
            yield from uneven_notes(deal, name, tranche.size)


def uneven_notes(deal: Deal, name: str, size: float) -> Iterator[Finding]:
    """A tranche is a whole number of notes of its denomination; what `rest` comes to is known with the loans."""
    tranche = deal.tranches[name]
    if not tranche.divides(size):
        unit = f"{tranche.denomination:,.0f}"
        message = f"size {size:,.0f} of {name!r} is not a whole number of denominations of {unit}"
        path, fix = f"tranches.{name}.denomination", "change the size or the denomination"
        yield deal.origin.finding("E-D022", path, message, fix, value=unit)


def _whole(deal: Deal) -> Iterator[Finding]:
    """A deal that rounds pays whole currency units, so what it starts from is whole too."""
    if deal.rounding == "none":
        return
    amounts: dict[str, object] = {f"tranches.{name}.size": tranche.size for name, tranche in deal.tranches.items()}
    amounts |= {f"accounts.{name}.initial": account.initial for name, account in deal.accounts.items()}
    for path, amount in amounts.items():
        if isinstance(amount, float) and amount != round(amount):
            message = f"{amount:,} is not a whole number of {deal.currency}, and the deal rounds"
            yield deal.origin.finding("E-D024", path, message, "write a whole amount, or rounding: none", value=f"{amount:,}")


def _waterfall(deal: Deal) -> Iterator[Finding]:
    if deal.structure is None and not deal.waterfall:
        message = "the deal says neither a structure nor a waterfall: nobody would be paid"
        yield deal.origin.finding("E-D061", "", message, "add structure: purchase_cash, or spell out waterfall:")
    if deal.structure is None and deal.waterfall and "principal" in deal.model_fields_set:
        message = "only a structure reads this; the waterfall that is spelled out does not"
        yield deal.origin.finding("W-D063", "principal", message, "say how: in the principal steps, and remove it")
    for key in ("swap", "default_mix"):
        if getattr(deal, key) is not None and deal.structure not in SYNTHETIC:
            message = f"only the structures {' and '.join(SYNTHETIC)} read this"
            yield deal.origin.finding("W-D063", key, message, "name the structure, or remove it")
    if deal.receivables is not None and deal.structure != "receivables":
        message = "only the structure receivables reads this"
        yield deal.origin.finding("W-D063", "receivables", message, "name the structure, or remove it")
    if deal.guarantee is not None and deal.structure != "guarantee":
        message = "only the structure guarantee reads this"
        yield deal.origin.finding("W-D063", "guarantee", message, "name the structure, or remove it")
    yield from rating_warnings(deal)
    for key in WRITTEN.get(deal.structure or "", ()):
        if key in deal.model_fields_set:
            message = f"structure {deal.structure!r} writes {key}, and the deal says one as well"
            yield deal.origin.finding("E-D062", key, message, f"keep one of structure: and {key}:")
    if deal.structure is not None and deal.waterfall:
        message = f"structure {deal.structure!r} writes the waterfall, and the deal spells one out as well"
        yield deal.origin.finding("E-D062", "waterfall", message, "keep one of structure: and waterfall:")


def _scenarios(deal: Deal) -> Iterator[Finding]:
    for name, given in deal.scenarios.items():
        path = f"scenarios.{name}"
        if given.extends is not None and given.extends not in deal.scenarios:
            close = nearest(given.extends, deal.scenarios)
            message = f"scenario {name!r} extends {given.extends!r}, which is not there"
            fix = f"did you mean {close!r}?" if close else f"scenarios: {', '.join(deal.scenarios)}"
            yield deal.origin.finding("E-D040", f"{path}.extends", message, fix, value=given.extends)
            continue
        try:
            scenario = deal.scenario(name)
        except KeyError:
            continue  # the scenario that extends an unknown one has its own finding
        except ValueError as error:
            yield deal.origin.finding("E-D041", f"{path}.extends", str(error), "break the circle", value=str(given.extends))
            continue
        triggers = deal.triggers | stop_triggers(families_filled_in(deal))
        for field, named, message, fix in not_there(scenario, triggers, deal.counterparties):
            yield deal.origin.finding("E-D044", f"{path}.{field}.{named}", message, fix, value=named)
        missing = [field for field in ("recovery", "recovery_lag") if getattr(scenario, field) is None]
        if all(getattr(scenario, field) is None for field in PREPAYMENT):
            missing.insert(0, "cpr")
        disagreeing = list(conflicts(scenario))
        if any(each.code == NO_DEFAULTS for each in disagreeing):
            missing.insert(0, "cdr (or defaults)")
        if missing:
            message = f"scenario {name!r} does not say {', '.join(missing)}"
            yield deal.origin.finding("E-D042", path, message, "state them, or extend a scenario that does")
        for each in disagreeing:
            if each.code != NO_DEFAULTS:
                own = each.field.partition(".")[0] in given.model_fields_set
                place = f"{path}.{each.field}" if own else path
                yield deal.origin.finding("E-D043", place, f"scenario {name!r}: {each.message}", each.fix, rule=each.rule)


def _assertions(deal: Deal, payments: int | None) -> Iterator[Finding]:
    for number, assertion in enumerate(deal.assertions):
        path = f"assertions[{number}]"
        if assertion.scenario not in deal.scenarios:
            message = f"scenario {assertion.scenario!r} is not there"
            yield deal.origin.finding(
                "E-D045", path, message, f"scenarios: {', '.join(deal.scenarios)}", value=assertion.scenario
            )
        if payments is not None and assertion.after_payment > payments:
            message = f"payment {assertion.after_payment} does not exist; the deal has {payments}"
            yield deal.origin.finding("E-D046", f"{path}.after_payment", message, f"use 1 to {payments}")


def _marks(deal: Deal, data: Mapping[str, Any]) -> Iterator[Finding]:
    stated = {key: value for key, value in data.items() if key not in NOT_VALUES}
    known = {path for path, _ in leaves(stated)} | set(empty(stated)) | {ORDER}
    marks = [("published", path, f"published.{path}") for path in deal.published]
    marks += [("derived", path, f"derived.{path}") for path in deal.derived]
    marks += [("assumed", path, f"assumed[{number}]") for number, path in enumerate(deal.assumed)]
    times = Counter(path for _, path, _ in marks)
    last = {path: where for _, path, where in marks}
    for path, count in times.items():
        if count > 1:
            message = f"{path!r} is marked {count} times"
            yield deal.origin.finding("E-D033", last[path], message, "mark it once", rule=MARKS, value=path)
    for section, path, where in marks:
        if not any(_within(path, leaf) for leaf in known):
            close = nearest(path, {*known, *(enclosing(leaf) for leaf in known)})
            fix = f"did you mean {close!r}?" if close else "remove it"
            message = f"{path!r} is marked {section} but is not in the deal"
            yield deal.origin.finding("E-D030", where, message, fix, rule=MARKS, value=path)
    for path, source in deal.published.items():
        if source not in deal.sources:
            close = nearest(source, deal.sources)
            listed = f"add it to sources, which has {', '.join(deal.sources) or 'none'}"
            fix = f"did you mean {close!r}?" if close else listed
            message = f"source {source!r} of {path!r} is not listed"
            yield deal.origin.finding("E-D032", f"published.{path}", message, fix, rule=MARKS, value=source)
    asked = {path for path, _ in leaves({key: data[key] for key in data.keys() - NOT_VALUES - MARKED_AT_WILL})}
    bare = {path for path in asked if deal.mark(path) is None}
    for path in sorted({_widest(path, asked, bare) for path in bare}):
        many = sum(_within(path, leaf) for leaf in bare)
        message = "the value carries no mark" if many == 1 else f"none of its {many} values carries a mark"
        fix = f"add {path!r} to published, derived or assumed"
        yield deal.origin.finding("E-D031", path, message, fix, rule=MARKS)


def _within(path: str, leaf: str) -> bool:
    return leaf == path or leaf.startswith((f"{path}.", f"{path}["))


def _widest(path: str, known: set[str], bare: set[str]) -> str:
    """The outermost place around an unmarked value in which nothing is marked: one finding for all of it."""
    while above := enclosing(path):
        if any(leaf not in bare for leaf in known if _within(above, leaf)):
            break
        path = above
    return path
