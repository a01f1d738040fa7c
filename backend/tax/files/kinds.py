"""The words that files have for what a transaction is. Pure."""

import difflib
import re
from functools import lru_cache
from typing import NamedTuple

from backend.tax.engine.events import IncomeKind
from backend.tax.transactions import TransactionKind

K, I = TransactionKind, IncomeKind  # noqa: E741 - a table of words below


class Meaning(NamedTuple):
    """What a word says: a kind, of INCOME what it is from. `kind` None: what goes and comes decides."""

    kind: TransactionKind | None
    income: IncomeKind | None = None


_KINDS: dict[TransactionKind, str] = {
    K.BUY: "buy, bought, purchase, nft buy, nft purchase, buy nft, fiat buy, mint, nft mint, acquisition"
    ", limit buy, market buy",
    K.SELL: "sell, sold, sale, nft sell, nft sale, sell nft, fiat sell, disposal, limit sell, market sell",
    K.SWAP: "swap, exchange, convert, conversion, crypto to crypto, token swap",
    K.DEPOSIT: "deposit, transfer in, receive, received, incoming, in, fiat deposit, deposit fiat, crypto deposit",
    K.WITHDRAWAL: "withdrawal, transfer out, send, sent, outgoing, out, fiat withdrawal"
    ", withdrawal fiat, crypto withdrawal",
    K.TRANSFER: "transfer, own transfer, transfer own, transfer own wallets, internal transfer, self transfer"
    ", move, moved",
    K.LP_ADD: "lp add, add liquidity, liquidity add, liquidity in, lp in, add lp, provide liquidity, liquidity deposit"
    ", lp deposit, pool deposit",
    K.LP_REMOVE: "lp remove, remove liquidity, liquidity remove, liquidity out, lp out, remove lp"
    ", withdraw liquidity, lp withdraw, lp withdrawal, pool withdrawal",
    K.SUPPLY: "supply, lend, lending deposit, vault deposit, deposit to lending, collateral deposit",
    K.WITHDRAW: "withdraw supply, supply withdrawal, withdraw, lending withdrawal, vault withdrawal"
    ", collateral withdrawal",
    K.STAKE: "stake, staking deposit, lock, stake lock",
    K.UNSTAKE: "unstake, unstaking, staking withdrawal, unlock",
    K.WRAP: "wrap, unwrap, wrapping, unwrapping, wrapped, unwrapped, wrap non taxable, migration, token migration",
    K.BRIDGE: "bridge, bridging, bridge transfer, bridge in, bridge out",
    K.BORROW: "borrow, loan, borrowed, loan received, loan taken, take loan",
    K.REPAY: "repay, repayment, loan repayment, loan repaid, repay loan, repaid",
    K.LIQUIDATION: "liquidation, liquidated, liquidate",
    K.GIFT_IN: "gift in, gift received, receive gift, received gift, gift receive",
    K.GIFT_OUT: "gift out, gift sent, send gift, sent gift, gift given",
    K.DONATION: "donation, donate, charity, charity sent",
    K.SPEND: "spend, spent, spending, payment, pay, merchant payment, card spend",
    K.LOSS: "loss, lost, theft, stolen, hack, hacked, scam, burn, burned, burnt, theft loss, lost or stolen"
    ", casualty, casualty loss, write off, worthless",
    K.FEE: "fee, fees, gas, network fee, transaction fee, cost, gas fee, expense fee, failed transaction"
    ", failed, approval, approve, other fee, loan interest, margin fee",
    K.IGNORED: "ignored, ignore, spam, duplicate",
}
_INCOMES: dict[IncomeKind, str] = {
    I.STAKING: "staking, staking reward, staking rewards, stake reward, staking income, reward staking"
               ", validator reward, validator rewards",
    I.MINING: "mining, mined, mining reward, mining income, mining rewards, block reward",
    I.INTEREST: "interest, lending interest, interest income, interest received, yield, lending reward, lending income"
                ", interest payment",
    I.AIRDROP: "airdrop, airdrops, airdrop received, drop",
    I.FORK: "fork, hard fork, hardfork, chain split",
    I.WAGES: "wages, wage, salary, work, earned, compensation",
    I.REWARD: "reward, rewards, bonus, referral, referral reward, cashback, rebate, learn and earn, fee rebate, bounty"
              ", faucet, claim reward, lp reward, liquidity reward, promotion",
    I.OTHER: "income, other income, royalty, royalties, mint income, dividend, dividends",
}  # fmt: skip
_NEITHER = "trade, spot trade, market, limit, gift"
_SPACES = re.compile(r"[\s_\-/:.]+")


def normal(word: str) -> str:
    """Return a word of a file in lower case, without marks between its parts."""
    return _SPACES.sub(" ", word).strip().casefold()


def _table() -> dict[str, Meaning]:
    words: dict[str, Meaning] = {}
    for kind in TransactionKind:
        words[normal(kind.value)] = Meaning(kind, I.OTHER if kind is K.INCOME else None)
    for kind, text in _KINDS.items():
        words |= {each: Meaning(kind) for each in text.split(", ")}
    for income, text in _INCOMES.items():
        words |= {each: Meaning(K.INCOME, income) for each in text.split(", ")}
    return words | {each: Meaning(None) for each in _NEITHER.split(", ")}


WORDS = _table()
_LIKENESS = 0.86


@lru_cache(maxsize=4096)
def meaning_of(word: str) -> Meaning:
    """Return what a word of the generic format says; an empty one, `trade` and `gift` leave it to the amounts.

    Case, marks and small slips of the pen do not matter. Raises ValueError for a word that is not known, with those
    that are near.
    """
    name = normal(word)
    if not name:
        return Meaning(None)
    if name in WORDS:
        return WORDS[name]
    near = difflib.get_close_matches(name, WORDS, n=3, cutoff=_LIKENESS)
    if near and len({WORDS[each] for each in near}) == 1:
        return WORDS[near[0]]
    likely = difflib.get_close_matches(name, WORDS, n=3, cutoff=0.6)
    hint = f"did you mean {' or '.join(likely)}?" if likely else "leave it empty to have it deduced from the amounts"
    raise ValueError(f"“{word.strip()[:40]}” is no type that is known: {hint}")
