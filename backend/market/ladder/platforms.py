"""What the sources outside call our chains, and the currency of each; a chain that is not here is not asked for.

DefiLlama's names are those of its coins API (`chain:address`), CoinGecko's are its asset platforms
(https://api.coingecko.com/api/v3/asset_platforms) and coin ids, which DefiLlama takes too (`coingecko:id`). The demo
chain is not here: nobody outside knows it.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Platform:
    """One chain's names. None: that source does not know the chain; `native`: the CoinGecko id of its own currency."""

    defillama: str | None
    coingecko: str | None
    native: str | None


_ETH = "ethereum"
PLATFORMS: dict[int, Platform] = {
    1: Platform("ethereum", "ethereum", _ETH),
    10: Platform("optimism", "optimistic-ethereum", _ETH),
    14: Platform("flare", "flare-network", "flare-networks"),
    19: Platform("songbird", "songbird", "songbird"),
    25: Platform("cronos", "cronos", "crypto-com-chain"),
    30: Platform("rsk", "rootstock", "rootstock"),
    40: Platform("telos", "telos", "telos"),
    50: Platform("xdc", "xdc-network", "xdce-crowd-sale"),
    56: Platform("bsc", "binance-smart-chain", "binancecoin"),
    57: Platform("syscoin", "syscoin", "syscoin"),
    82: Platform("meter", "meter", "meter"),
    100: Platform("xdai", "xdai", "xdai"),
    122: Platform("fuse", "fuse", "fuse-network-token"),
    130: Platform("unichain", "unichain", _ETH),
    137: Platform("polygon", "polygon-pos", "polygon-ecosystem-token"),
    146: Platform("sonic", "sonic", "sonic-3"),
    169: Platform("manta", "manta-pacific", _ETH),
    204: Platform("op_bnb", "opbnb", "binancecoin"),
    250: Platform("fantom", "fantom", "fantom"),
    288: Platform("boba", "boba", _ETH),
    314: Platform("filecoin", "filecoin", "filecoin"),
    324: Platform("era", "zksync", _ETH),
    361: Platform("theta", "theta", "theta-token"),
    369: Platform("pulse", "pulsechain", "pulsechain"),
    480: Platform("wc", "world-chain", _ETH),
    592: Platform("astar", "astar", "astar"),
    1030: Platform("conflux", "conflux", "conflux-token"),
    1088: Platform("metis", "metis-andromeda", "metis-token"),
    1101: Platform("polygon_zkevm", "polygon-zkevm", _ETH),
    1111: Platform("wemix", "wemix-network", "wemix-token"),
    1116: Platform("core", "core", "coredaoorg"),
    1284: Platform("moonbeam", "moonbeam", "moonbeam"),
    1285: Platform("moonriver", "moonriver", "moonriver"),
    2222: Platform("kava", "kava", "kava"),
    2741: Platform("abstract", "abstract", _ETH),
    4689: Platform("iotex", "iotex", "iotex"),
    5000: Platform("mantle", "mantle", "mantle"),
    7000: Platform("zeta", "zetachain", "zetachain"),
    7700: Platform("canto", "canto", "canto"),
    8217: Platform("klaytn", "klay-token", "kaia"),
    8453: Platform("base", "base", _ETH),
    9001: Platform("evmos", "evmos", "evmos"),
    34443: Platform("mode", "mode", _ETH),
    42161: Platform("arbitrum", "arbitrum-one", _ETH),
    42170: Platform("arbitrum_nova", "arbitrum-nova", _ETH),
    42220: Platform("celo", "celo", "celo"),
    43114: Platform("avax", "avalanche", "avalanche-2"),
    59144: Platform("linea", "linea", _ETH),
    80094: Platform("berachain", "berachain", "berachain-bera"),
    81457: Platform("blast", "blast", _ETH),
    167000: Platform("taiko", "taiko", _ETH),
    534352: Platform("scroll", "scroll", _ETH),
    7777777: Platform("zora", "zora-network", _ETH),
    1313161554: Platform("aurora", "aurora", _ETH),
    1666600000: Platform("harmony", "harmony-shard-0", "harmony"),
}

NO_CHAIN = 0
BITCOIN, ETHEREUM, SP500 = "bitcoin", "ethereum", "sp500"
# Coins of no chain here, as exchanges call them, by CoinGecko id: Bitcoin, Ether, currencies of chains of their own.
COIN_IDS = {
    "BTC": BITCOIN, "ETH": ETHEREUM, "SOL": "solana", "ADA": "cardano", "DOT": "polkadot", "XRP": "ripple",
    "LTC": "litecoin", "BCH": "bitcoin-cash", "DOGE": "dogecoin", "XLM": "stellar", "TRX": "tron", "XTZ": "tezos",
    "ALGO": "algorand", "ATOM": "cosmos", "NEAR": "near", "XMR": "monero", "ZEC": "zcash", "DASH": "dash",
    "ETC": "ethereum-classic", "IOTA": "iota", "ICP": "internet-computer", "HBAR": "hedera-hashgraph",
    "VET": "vechain", "SUI": "sui", "APT": "aptos", "TON": "the-open-network", "KSM": "kusama", "NEO": "neo",
}  # fmt: skip
COINS = frozenset(COIN_IDS.values())
