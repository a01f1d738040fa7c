"""The names of the metrics and topics that rules may be about; what they mean: docs/readings.md."""

BASE_FEE_GWEI, PREDICTED_BASE_FEE_GWEI = "gas.base_fee_gwei", "gas.predicted_base_fee_gwei"
BASE_FEE_WINDOW_SECONDS = 600
VOLUME_RATIO = "market.volume_ratio"
ORACLE_DEVIATION_PCT = "oracle.deviation_pct"
TVL_USD = "protocol.tvl_usd"
TVL_WINDOWS_SECONDS = (3_600, 86_400, 604_800)
RISK_SCORE = "risk.score"
PORTFOLIO_VALUE_USD, PORTFOLIO_ASSET_USD = "portfolio.value_usd", "portfolio.asset_usd"
PORTFOLIO_ROI_PCT, PORTFOLIO_IMPERMANENT_LOSS_PCT = "portfolio.roi_pct", "portfolio.impermanent_loss_pct"
PORTFOLIO_WINDOWS_SECONDS = (3_600, 86_400, 604_800)

LIQUIDITY_REMOVED = "pool.liquidity_removed"
OWNERSHIP_CHANGED, IMPLEMENTATION_CHANGED = "contract.ownership_changed", "contract.implementation_changed"
GOVERNANCE_STEPS = ("proposal_created", "vote_cast", "queued", "executed", "canceled")
SCHEDULE_DUE, RULE_FIRED = "schedule.due", "rule.fired"
