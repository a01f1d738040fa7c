"""What the builder's selects offer: the chains that are followed, their tokens with prices, the user's own rules."""

from collections.abc import Sequence

from backend.accounts.service import CurrentUser
from backend.alerts import service as alerts_service
from backend.api.resources import resources
from backend.chain import service as chain_service
from backend.chain.events import NATIVE_TOKEN
from backend.chain.registry import chain_name
from backend.core import formats
from backend.market import service as market_service
from state.rule_builder_rows import Offered, PriceNow
from state.rule_tree import Part
from state.view_models import Option

MOST_RULES = 100


async def read_offered(user: CurrentUser) -> Offered:
    """Return what is offered to a user, without prices."""
    chains = list(resources().settings.chain_urls)
    async with resources().database.unit_of_work(user.id) as session:
        tokens = await chain_service.known_tokens(session, chains)
        rules = await alerts_service.list_rules(session, user, page=1, page_size=MOST_RULES)
    named = {token.address: formats.untrusted_text(token.symbol) for token in tokens if token.symbol}
    return Offered(
        chains=[Option(str(chain_id), chain_name(chain_id)) for chain_id in chains],
        tokens=[Option(address, symbol) for address, symbol in named.items()],
        priced=[Option(each.address, named[each.address]) for each in tokens if each.is_priced and each.symbol],
        rules=[Option(str(rule.id), rule.name) for rule in rules.items],
    )


async def read_prices(parts: Sequence[Part], offered: Offered) -> dict[tuple[str, str], PriceNow]:
    """Return the newest prices by (chain, token), of the chains that the tree's price conditions name."""
    values = [value for part in parts if part.kind == "price" for value in part.values]
    asked = {value.text for value in values if value.field == "chain"}
    found: dict[tuple[str, str], PriceNow] = {}
    for chain in asked & {option.value for option in offered.chains}:
        async with resources().timeseries.unit_of_work() as session:
            prices = await market_service.latest_prices(session, int(chain))
        by_symbol = {}
        for price in prices:
            now = PriceNow(True, formats.usd(price.price_usd), price.source, formats.iso(price.taken_at))
            found[chain, price.token] = by_symbol[price.symbol] = now
        # The chain's own currency is priced by its wrapped form, which the market lists under the symbol with a W.
        own = next((each.text for each in offered.tokens if each.value == NATIVE_TOKEN), "")
        if own and f"W{own}" in by_symbol:
            found.setdefault((chain, NATIVE_TOKEN), by_symbol[f"W{own}"])
    return found
