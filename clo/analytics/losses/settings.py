"""What a tranche loss is asked for beside its obligors, checked: attachments, method, accuracy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from clo.analytics.losses.codes import loss_finding
from clo.analytics.losses.extension import Extension
from clo.analytics.losses.reading import numbers_of
from clo.findings import Finding
from clo.quantities import is_number

METHODS = ("recursion", "large_pool", "binomial")
ACCURACY = 1e-7
"""Where none is asked for."""


def attachment_findings(attachments: Any) -> list[Finding]:
    """Whether they are fractions that increase."""
    unread: list[Finding] = []
    points = numbers_of("attachments", attachments, unread)
    if points is None:
        return [loss_finding("E-Q006", unread[0].message, field="attachments", value=unread[0].value)]
    rises = points.ndim == 1 and len(points) > 1 and bool((np.diff(points) > 0.0).all())
    if rises and points[0] >= 0.0 and points[-1] <= 1.0:
        return []
    shown = ", ".join(f"{value:g}" for value in points.ravel()[:12])
    words, fix = f"attachments ({shown}) do not increase within 0 to 1", ""
    if rises and points[0] >= 0.0 and 1.0 < points[-1] <= 100.0:
        fractions = ", ".join(f"{value / 100.0:g}" for value in points[:12])
        fix = f"if these are per cents, write fractions: ({fractions})"
    return [loss_finding("E-Q006", words, field="attachments", value=shown, fix=fix)]


def accuracy_findings(accuracy: float | None) -> list[Finding]:
    if accuracy is None or (is_number(accuracy) and 1e-12 <= accuracy <= 0.01):
        return []
    return [loss_finding("E-Q010", f"accuracy = {accuracy!r} is not usable", field="accuracy", value=str(accuracy))]


def method_findings(method: str, extension: Extension, of_recursion: Mapping[str, float | None]) -> list[Finding]:
    """of_recursion: arguments that only the recursion has, None where they are not given."""
    if method not in METHODS:
        return [loss_finding("E-Q009", f"method = {method!r} is not known", field="method", value=str(method))]
    if method == "recursion":
        return []
    found = [
        loss_finding("E-Q032", f"{name} = {value!r} with method {method}", field=name, value=str(value))
        for name, value in of_recursion.items()
        if value is not None
    ]
    if extension.used:
        found.append(loss_finding("E-Q019", f"method {method} with groups or a recovery_spread", field="method", value=method))
    return found
