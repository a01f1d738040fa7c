"""Protocol risk rules: money leaving, prices apart, contracts changing."""

from backend.alerts.kinds.protocol_risk.kind import ProtocolRiskKind

KIND = ProtocolRiskKind()
