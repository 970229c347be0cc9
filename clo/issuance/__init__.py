"""The deals of the library against what is published of them."""

from clo.issuance.reconciling import Reconciliation, reconcile

__all__ = ["Reconciliation", "reconcile"]
