"""Gas rules: the base fee of a chain."""

from backend.alerts.kinds.gas.kind import GasKind

KIND = GasKind()
