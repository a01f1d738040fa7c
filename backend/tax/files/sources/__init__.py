"""The sources that files can be of, one module each. Pure."""

from backend.tax.files.sources.binance_orders import BINANCE
from backend.tax.files.sources.bitbank import BITBANK
from backend.tax.files.sources.bitcoin_tax import BITCOIN_TAX
from backend.tax.files.sources.bitstamp import BITSTAMP
from backend.tax.files.sources.bittrex import BITTREX
from backend.tax.files.sources.blockfi import BLOCKFI
from backend.tax.files.sources.blockpit import BLOCKPIT
from backend.tax.files.sources.coinbase import COINBASE
from backend.tax.files.sources.coinbase_pro import COINBASE_PRO
from backend.tax.files.sources.coincheck import COINCHECK
from backend.tax.files.sources.coinledger import COINLEDGER
from backend.tax.files.sources.cointracker import COINTRACKER
from backend.tax.files.sources.cointracking import COINTRACKING
from backend.tax.files.sources.crypto_com import CRYPTO_COM
from backend.tax.files.sources.gemini import GEMINI
from backend.tax.files.sources.generic import GENERIC
from backend.tax.files.sources.koinly import KOINLY
from backend.tax.files.sources.kraken import KRAKEN
from backend.tax.files.sources.kucoin import KUCOIN
from backend.tax.files.sources.nexo import NEXO
from backend.tax.files.sources.pionex import PIONEX
from backend.tax.files.sources.rotki import ROTKI
from backend.tax.files.sources.uphold import UPHOLD

ALL_SOURCES = (
    BINANCE, BITBANK, BITCOIN_TAX, BITSTAMP, BITTREX, BLOCKFI, BLOCKPIT, COINBASE, COINBASE_PRO, COINCHECK, COINLEDGER,
    COINTRACKER, COINTRACKING, CRYPTO_COM, GEMINI, KOINLY, KRAKEN, KUCOIN, NEXO, PIONEX, ROTKI, UPHOLD, GENERIC,
)  # fmt: skip
