"""The bounds of every value of a rule. How much a plan allows stands with the entitlements of the accounts."""

from datetime import timedelta
from decimal import Decimal

MIN_WHALE_USD, MAX_WHALE_USD = Decimal(1_000), Decimal(1_000_000_000)
MIN_NUMBER, MAX_PRICE_USD, MAX_AMOUNT = Decimal("1e-18"), Decimal("1e15"), Decimal("1e30")
MAX_DIGITS = 15
MIN_VOLUME_RATIO, MAX_RATIO = Decimal("1.1"), Decimal(1_000_000)
MAX_GWEI = Decimal(10_000)
MAX_WITHIN_SECONDS = 7 * 86_400
MAX_LEAVES, MAX_DEPTH = 12, 5
MIN_CHANGE_PCT, MAX_FALL_PCT, MAX_RISE_PCT = Decimal("0.01"), Decimal(100), Decimal(1_000_000)
MAX_CHAINS = 50
MAX_TOKENS = 50
MAX_WALLETS = 100
MAX_NAME = 255
MAX_COOLDOWN_SECONDS = 30 * 86_400
MAX_ACTIONS = 5
MIN_LEVEL_COOLDOWN_SECONDS = 60
MAX_SNOOZE = timedelta(days=90)
MIN_HYSTERESIS_PCT, MAX_HYSTERESIS_PCT = Decimal("0.01"), Decimal(50)
