"""The demo market's pools on paper: applies the traders' swaps by the constant-product formula, without a chain."""

from backend.demo import plan
from backend.demo.trader_model import Intent, Load, MarketView, PoolView, Swap
from backend.demo.uniswap_math import PPM, amount_out


class PaperMarket:
    """Pools with the planned depth and an EIP-1559 base fee; `view()` is what the model sees."""

    def __init__(self) -> None:
        self.base_fee_wei = 12 * 10**9
        self.pools = {
            pool.name: PoolView(
                pool.name,
                pool.tokens,
                pool.fee_ppm,
                (
                    float(plan.token_units(pool.tokens[0], pool.depth_usd)),
                    float(plan.token_units(pool.tokens[1], pool.depth_usd)),
                ),
            )
            for pool in plan.POOLS
        }

    def view(self, seconds: float = 2.0) -> MarketView:
        return MarketView(seconds, self.base_fee_wei, dict(self.pools))

    def apply(self, intents: list[Intent]) -> None:
        """Carry the swaps out, best tip first, and move the base fee as EIP-1559 says."""
        for intent in sorted(intents, key=lambda item: -item.tip_wei):
            if isinstance(intent, Swap):
                self._swap(intent)
        gas = sum(item.gas if isinstance(item, Load) else 150_000 for item in intents)
        self.base_fee_wei = int(self.base_fee_wei * (1 + (min(gas, 30e6) / 15e6 - 1) / 8))

    def _swap(self, swap: Swap) -> None:
        amount, token = float(swap.amount_in), swap.token_in
        for name in swap.pools:
            pool = self.pools[name]
            held_in, held_out = pool.reserves_from(token)
            out = amount_out(amount, held_in, held_out, pool.fee_ppm)
            after = (held_in + amount * (PPM - pool.fee_ppm) / PPM, held_out - out)
            reserves = after if pool.symbols[0] == token else after[::-1]
            self.pools[name] = PoolView(pool.name, pool.symbols, pool.fee_ppm, reserves)
            amount, token = out, pool.other(token)
