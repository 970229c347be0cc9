"""Tests and triggers as ops: read at the start of a payment date or by a step, with observation dates, cure and latch."""

from __future__ import annotations

from clo.deal.terms import Deal, Trigger
from clo.waterfall.assembler import Assembler
from clo.waterfall.kernel import Op
from clo.waterfall.names import Scope


def declare_trigger(code: Assembler, name: str, trigger: Trigger) -> None:
    """The slots of a trigger: its state, what is made of it from outside, and how often in a row it was seen to hold."""
    code.constant(0.0, f"{name}.forced")
    code.constant(0.0, f"{name}.forced_to")
    code.new_slot(name, start=code.params[f"{name}.forced_to"])  # what is forced holds from the start
    if trigger.remembers:
        code.new_slot(f"{name}.breaches")
        code.new_slot(f"{name}.cures")


def read_trigger(deal: Deal, scope: Scope, name: str, *, within: int | None = None) -> None:
    """Append the ops that read a trigger; within: the slot of a condition under which it is read, and else stays as it is."""
    code, trigger = scope.code, deal.triggers[name]
    state = code.slots[name]
    scope.path = f"triggers.{name}.when"
    holds = scope.value(trigger.when, condition=True)
    if trigger.remembers:
        holds = _remembered(scope, name, trigger, holds, within)
    elif within is not None:
        holds = code.apply(Op.SELECT, code.apply(Op.POSITIVE, within), holds, state)
    code.apply(Op.SELECT, code.slots[f"{name}.forced"], code.slots[f"{name}.forced_to"], holds, out=state)
    scope.triggers_known.add(name)


def _remembered(scope: Scope, name: str, trigger: Trigger, holds: int, within: int | None) -> int:
    """The state after this payment date of a trigger that counts what it sees; what is not a number changes nothing."""
    code, slots = scope.code, scope.code.slots
    state, breaches, cures = slots[name], slots[f"{name}.breaches"], slots[f"{name}.cures"]
    zero, one = code.constant(0.0), code.constant(1.0)
    if trigger.cure == "never":
        cured = zero
    elif trigger.cure is None:
        cured = code.apply(Op.NOT, holds)
    else:
        scope.path = f"triggers.{name}.cure"
        cured = scope.value(trigger.cure, condition=True)
    seen = code.apply(Op.AND, _known(code, holds), _known(code, cured))
    if (observed := _observed(code, name, trigger, within)) is not None:
        seen = code.apply(Op.AND, seen, observed)
    counted = []
    for count, what in ((breaches, holds), (cures, cured)):
        more = code.apply(Op.SELECT, what, code.apply(Op.ADD, count, one), zero)
        counted.append(code.apply(Op.SELECT, seen, more, count))
    enough = code.apply(Op.LESS_EQUAL, code.constant(float(trigger.after), f"{name}.after"), counted[0])
    healed = code.apply(Op.LESS_EQUAL, code.constant(float(trigger.cure_after), f"{name}.cure_after"), counted[1])
    then = code.apply(Op.SELECT, state, code.apply(Op.NOT, healed), enough)
    then = code.apply(Op.SELECT, seen, then, state)
    for count, new in zip((breaches, cures), counted, strict=True):
        code.apply(Op.COPY, new, out=count)
    return then


def _known(code: Assembler, condition: int) -> int:
    """The slot of whether a condition is true or false, and not neither."""
    either = code.apply(Op.POSITIVE, code.apply(Op.NOT, condition))
    return code.apply(Op.ADD, code.apply(Op.POSITIVE, condition), either)


def _observed(code: Assembler, name: str, trigger: Trigger, within: int | None) -> int | None:
    """The slot of whether the trigger is observed on this payment date; None where it always is."""
    within = None if within is None else code.apply(Op.POSITIVE, within)
    if (trigger.every, trigger.since, trigger.until) == (1, None, None):
        return within
    observed = code.period_value(f"observed:{name}")
    return observed if within is None else code.apply(Op.AND, within, observed)
