"""Portfolio rules: what the user's own portfolio is worth, gains and loses."""

from backend.alerts.kinds.portfolio.kind import PortfolioKind

KIND = PortfolioKind()
