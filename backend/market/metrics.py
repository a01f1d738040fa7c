"""Names of the metrics and topics that the follower makes; docs/readings.md says what each is."""

BASE_FEE = "gas.base_fee_gwei"
RATIO = "market.volume_ratio"
VOLUME = "market.volume_usd"
DEVIATION = "oracle.deviation_pct"
TVL = "protocol.tvl_usd"
LIQUIDITY_REMOVED = "pool.liquidity_removed"

WINDOWS: tuple[tuple[str, int], ...] = ((BASE_FEE, 600), (TVL, 3_600), (TVL, 86_400), (TVL, 604_800))
"""The windows that a metric's `changes` have, in seconds."""
SILENT = (VOLUME,)
"""Stored for other metrics, and not emitted."""
