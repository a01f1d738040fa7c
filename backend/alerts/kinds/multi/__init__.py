"""Rules of several conditions: trees of and, or, not."""

from backend.alerts.kinds.multi.kind import MultiKind

KIND = MultiKind()
