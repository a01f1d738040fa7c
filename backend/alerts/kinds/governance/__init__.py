"""Governance rules: what happens to the proposals of a governor contract."""

from backend.alerts.kinds.governance.kind import GovernanceKind

KIND = GovernanceKind()
