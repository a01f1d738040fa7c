"""Parameters of the traders' model; docs/demo-market.md explains each. Values only."""

from dataclasses import dataclass, field

DAY_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True)
class Wander:
    """How one asset's target price wanders: an Ornstein-Uhlenbeck process in the logarithm, kept inside a band."""

    anchor_usd: float
    low_usd: float
    high_usd: float
    volatility_per_day: float  # standard deviation of a day's log return
    pull_per_day: float  # share of the log distance to the anchor that is undone in a day (small rates)
    eth_share: float = 0.0  # correlation with WETH's moves


@dataclass(frozen=True, slots=True)
class TraderConfig:
    """Rates are per second of chain time, sizes in USD, fees in gwei."""

    wander: dict[str, Wander] = field(
        default_factory=lambda: {
            "WETH": Wander(3_500.0, 3_000.0, 4_000.0, 0.08, 1.0),
            "WBTC": Wander(100_000.0, 95_000.0, 105_000.0, 0.05, 2.5, eth_share=0.7),
            "UNI": Wander(10.0, 8.0, 12.5, 0.1, 1.0, eth_share=0.6),
            "DAI": Wander(1.0, 0.996, 1.004, 0.003, 3.0),
        }
    )
    swaps_per_second: float = 0.25
    transfers_per_second: float = 0.15
    busy_factor: float = 4.0  # arrivals in a busy period against a calm one
    calm_seconds: float = 150.0  # mean length of a calm period
    busy_seconds: float = 30.0
    size_median_usd: float = 2_000.0
    size_sigma: float = 1.1  # of the log-normal
    size_range_usd: tuple[float, float] = (200.0, 20_000.0)
    direction_gain: float = 30.0  # extra chance to buy per unit of log distance below target
    direction_limit: float = 0.35
    two_hop_share: float = 0.15
    native_share: float = 0.5  # of swaps with WETH at an end: done in ETH

    whale_seconds: float = 75.0  # mean time between whales
    whale_range_usd: tuple[float, float] = (100_000.0, 2_000_000.0)
    whale_swap_share: float = 0.6
    whale_max_impact: float = 0.03
    stable_max_impact: float = 0.004  # the same between stablecoins

    arbitrage_chance: float = 0.3  # that a hardly mispriced pool is corrected in a block
    arbitrage_gain: float = 30.0  # extra chance per unit of the best amount's share of the reserve
    arbitrage_limit: float = 0.8
    arbitrage_share: tuple[float, float] = (0.4, 1.0)  # of the most profitable amount
    arbitrage_min_usd: float = 1_500.0
    absorb_per_second: float = 0.01  # how fast targets follow what was actually traded

    slippage: float = 0.01
    whale_slippage: float = 0.05

    gas_target: float = 15_000_000.0  # half of the block gas limit: where EIP-1559 keeps the base fee
    gas_fee_anchor_gwei: float = 12.0
    gas_fee_sigma: float = 0.5  # of the slowly wandering fee that the rest of the network is ready to pay, in logs
    gas_fee_memory_seconds: float = 900.0
    gas_elasticity: float = 0.7
    gas_noise: float = 0.35
    gas_range: tuple[float, float] = (1_000_000.0, 26_000_000.0)
    tip_median_gwei: float = 1.0
    tip_sigma: float = 0.7
    urgent_tip_factor: float = 3.0
