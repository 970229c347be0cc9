"""What a program reads of the pool, and where the kernel of the scenarios finds it.

Axes: n input, g sub-pool.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clo.deal.vocabulary import RECOVERED
from clo.scenarios.kernel import EVENT, FLOW, LEVEL_BEFORE, REPAID
from clo.waterfall.pool_inputs import LAG
from clo.waterfall.program import Program

Ints = NDArray[np.int32]
POOL = "pool"
EVENTS = ("default", "recovery", *RECOVERED)
"""What comes of a default, and of nothing else."""


@dataclass(frozen=True, slots=True)
class Key:
    """A quantity of the pool, with the months it lags."""

    quantity: str
    lag: int = 0


BALANCE, DEFAULT, PRINCIPAL = Key("balance"), Key("default"), Key("scheduled_principal")


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """What the program reads of the pool: channels (flows and levels), events (what defaults pay), and the account of each
    sub-pool [g]: one for each that is asked for by name, one for all others.

    Input n adds the accounts parts[parts_of[n]:parts_of[n + 1]], read as the kernel says, of the channel or event source[n].
    """

    channels: tuple[Key, ...]
    events: tuple[Key, ...]
    account: Ints
    parts_of: Ints
    parts: Ints
    read: Ints
    source: Ints


def keys_of(program: Program) -> list[Key]:
    """The quantity of each input [n]; an opening is the balance of the payment before."""
    parted = [text.partition(LAG) for _, text in program.inputs]
    return [Key("balance" if quantity == "opening" else quantity, int(lag or 0)) for quantity, _, lag in parted]


def asked_of(program: Program, pools: Sequence[str], idle: Collection[Key], *, repaid: bool) -> Asked:
    """idle: quantities that no default changes. repaid: principal is read off the balance, which saves a third of the work."""
    named = [name for name in pools if any(owner == name for owner, _ in program.inputs)]
    account = np.array([named.index(name) if name in named else len(named) for name in pools], dtype=np.int32)
    every = sorted(set(account.tolist()))
    accounts, reads, keys = [], [], []
    for (owner, text), stated in zip(program.inputs, keys_of(program), strict=True):
        read, key = (EVENT, stated) if stated.quantity in EVENTS else (LEVEL_BEFORE if text == "opening" else FLOW, stated)
        if repaid and key == PRINCIPAL:
            read, key = REPAID, BALANCE
        accounts.append([] if stated in idle else every if owner == POOL else [int(account[pools.index(owner)])])
        reads.append(read)
        keys.append(key)
    used = [(read, key) for held, read, key in zip(accounts, reads, keys, strict=True) if held]
    channels = tuple(dict.fromkeys(key for read, key in used if read != EVENT))
    events = tuple(dict.fromkeys([*([DEFAULT] if repaid else []), *(key for read, key in used if read == EVENT)]))
    source = [
        (events if read == EVENT else channels).index(key) if held else 0
        for held, read, key in zip(accounts, reads, keys, strict=True)
    ]
    return Asked(
        channels, events, account, np.cumsum([0, *map(len, accounts)]).astype(np.int32),
        np.array([each for held in accounts for each in held], dtype=np.int32),
        np.array(reads, dtype=np.int32), np.array(source, dtype=np.int32),
    )  # fmt: skip
