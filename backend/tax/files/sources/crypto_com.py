"""Crypto.com App: the transaction history of wallet, card and cash account. Pure.

`Native Amount` is what a line was worth when it happened, fees are inside of the rates and stand nowhere. The old coin
swaps and dust conversions are a line a coin: those of one second and kind are one exchange; of the MCO swap of 2020 the
"overall" lines are the sum of the others, which are left out beside them. What goes into Earn, a lock-up, Supercharger
or an order that waits stays the user's. "Invest" is a position: what comes out may be more or less.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from backend.tax.engine.events import IncomeKind
from backend.tax.files.assets import Asset, currency_of
from backend.tax.files.exchanges import exchange, in_groups, kind_of, moved, moves
from backend.tax.files.formats import Format, Source
from backend.tax.files.numbers import below_zero, positive
from backend.tax.files.readings import Readings, leg
from backend.tax.files.records import CellError, SourceInfo
from backend.tax.files.sheet import Line, Sheet
from backend.tax.transactions import TransactionKind, Worth

K, I = TransactionKind, IncomeKind  # noqa: E741
_PAIRED = re.compile(
    r"(dust_conversion|dynamic_coin_swap|lockup_swap|interest_swap|crypto_wallet_swap)_(?:credited|debited)"
)
_OVERALL = "dynamic_coin_swap"
_MCO = frozenset({_OVERALL, "lockup_swap", "crypto_wallet_swap"})
_EXCHANGES = re.compile(
    r"(?:viban|van)_purchase|crypto_viban_exchange|crypto_exchange|crypto_to_van_sell_order|recurring_buy_order"
    r"|trading\.limit_order\..*(?:_commit|\.exchange)"
)
_BOUGHT = re.compile(r"crypto_purchase|trading\.crypto_purchase\..*")
_INSIDE = re.compile(
    r"crypto_earn_program_(?:created|withdrawn)|lockup_(?:lock|unlock|upgrade|swap_rebate)"
    r"|supercharger_(?:deposit|withdrawal)|council_node_deposit_(?:created|withdrawn)|trading\.limit_order\..*_(?:lock|unlock)|viban_deposit_precredit.*"
    r"|finance\.(?:lockup\.dpos_lock|dpos\.staking|dpos\.unstaking|crypto_earn\.(?:program|staking|unstaking)).*"
)
_MOVES = moves({
    (K.INCOME, I.INTEREST): "crypto_earn_interest_paid, crypto_earn_extra_interest_paid",
    (K.INCOME, I.STAKING): "mco_stake_reward, staking_reward, supercharger_reward_to_app_credited"
        ", finance.lockup.dpos_compound_interest.crypto_wallet, finance.dpos.non_compound_interest.crypto_wallet"
        ", finance.dpos.compound_interest.crypto_wallet",
    (K.INCOME, I.REWARD): "referral_bonus, referral_gift, referral_card_cashback, transfer_cashback, reimbursement"
        ", gift_card_reward, admin_wallet_credited, campaign_reward, rewards_platform_deposit_credited"
        ", pay_checkout_reward, card_cashback, referral_commission, crypto_credit_reward",
    (K.INCOME, I.AIRDROP): "airdrop_locked, airdrop",
    (K.SPEND, None): "crypto_payment, card_cashback_reverted, reimbursement_reverted, gift_card_purchase",
    (K.DEPOSIT, None): "crypto_deposit, exchange_to_crypto_transfer, viban_deposit, crypto_payment_refund",
    (K.WITHDRAWAL, None): "crypto_withdrawal, crypto_to_exchange_transfer, viban_withdrawal"
        ", dynamic_coin_swap_bonus_exchange_deposit, airdrop_to_exchange_transfer, viban_card_top_up",
    (K.BORROW, None): "crypto_credit_loan_credited, crypto_credit_withdrawal_created",
    (K.REPAY, None): "crypto_credit_repayment_created",
    (K.SUPPLY, None): "invest_deposit",
    (K.WITHDRAW, None): "invest_withdrawal",
})  # fmt: skip
_GOES = frozenset({K.SPEND, K.WITHDRAWAL, K.REPAY, K.SUPPLY})


@dataclass(frozen=True, slots=True)
class _Part:
    line: Line
    at: datetime
    family: str
    asset: Asset
    amount: Decimal
    worth: Worth | None


def read_history(sheet: Sheet, out: Readings) -> None:
    """Read the history: old swaps and dust by second and kind, everything else by line."""

    def key(line: Line) -> str:
        paired = _PAIRED.fullmatch(line.text("kind"))
        if paired is None:
            return f"line {line.number}"
        return f"{'mco' if paired.group(1) in _MCO else paired.group(1)}|{line.text('at')}"

    in_groups(sheet, out, key, lambda line: _parsed(line, out), lambda group: _swapped(group, out))


def _parsed(line: Line, out: Readings) -> _Part | None:
    kind, what = line.text("kind"), line.text("what")
    if _INSIDE.fullmatch(kind):
        out.skip(line.number, f"{what or kind}: it stays inside of Crypto.com, nothing is imported")
        return None
    part = _Part(line, line.at(), kind, line.asset("asset"), line.amount("amount"), _worth(line, out))
    if _PAIRED.fullmatch(kind):
        return part
    if _EXCHANGES.fullmatch(kind):
        went, came = (part.asset, positive(part.amount)), (line.asset("to_asset"), positive(line.amount("to_amount")))
        exchange(
            out, (line.number,), part.at, [went], [came], worth=part.worth, word=kind, note=what, tx_hash=_hash(line)
        )
    elif _BOUGHT.fullmatch(kind) or kind == "card_top_up":
        _for_money(part, out)
    else:
        _alone(part, what, out)
    return None


def _worth(line: Line, out: Readings) -> Worth | None:
    value = line.maybe("value")
    if not value or not line.text("currency"):
        return None
    try:
        return out.worth(value, currency_of(line.text("currency")))
    except ValueError as error:
        raise CellError("currency", str(error)) from None


def _hash(line: Line) -> str | None:
    return line.text("hash") or None


def _for_money(part: _Part, out: Readings) -> None:
    """Add what was bought by card, or sold to top the card up: the money stands as native amount."""
    if part.worth is None:
        raise CellError("value", "is empty: how much money was it for?")
    money = (Asset(f"fiat:{part.worth.currency}", part.worth.currency), part.worth.amount)
    asset = (part.asset, positive(part.amount))
    went, came = ([asset], [money]) if part.amount < 0 else ([money], [asset])
    exchange(
        out, (part.line.number,), part.at, went, came, worth=part.worth, word=part.family, note=part.line.text("what")
    )  # fmt: skip


def _alone(part: _Part, what: str, out: Readings) -> None:
    kind, income = _meaning(part, what)
    goes = kind in _GOES
    if part.family == "crypto_payment_refund":
        out.doubt(part.line, "kind", "A refund is neither income nor a purchase: say in the review what it is")
    position = f"{out.account}: Invest {part.asset.symbol}" if kind in (K.SUPPLY, K.WITHDRAW) else None
    amount = below_zero(part.amount) if goes else positive(part.amount)
    moved(
        out, part.line, part.at, kind, (part.asset, amount), income=income, worth=part.worth, word=part.family,
        note=what, tx_hash=_hash(part.line), position=position,
    )  # fmt: skip


def _meaning(part: _Part, what: str) -> tuple[TransactionKind, IncomeKind | None]:
    if part.family in _MOVES:
        return _MOVES[part.family]
    if part.family == "crypto_transfer" or (not part.family and re.search("deposit|withdrawal", what, re.IGNORECASE)):
        return (K.DEPOSIT if part.amount > 0 else K.WITHDRAWAL), None
    if re.search("interest|reward", part.family) and part.amount > 0:
        return K.INCOME, (I.INTEREST if "interest" in part.family else I.REWARD)
    raise CellError(
        "kind", f"“{part.family[:60] or what[:60]}” is no kind of transaction that is known here: correct it"
    )


def _swapped(group: list[_Part], out: Readings) -> None:
    overall = [each for each in group if each.family.startswith(_OVERALL)]
    if overall and len(overall) < len(group):
        for each in group:
            if each not in overall:
                out.skip(each.line.number, "A part of the overall swap of the same second: it is counted there")
        group = overall
    went = sorted((each for each in group if each.amount < 0), key=lambda each: (each.asset.asset, each.amount))
    came = sorted((each for each in group if each.amount > 0), key=lambda each: (each.asset.asset, each.amount))
    if not went or not came:
        raise CellError("amount", "has only one side: the other line of this second is missing in the file")
    legs = tuple(leg(each.asset, each.amount, each.worth) for each in (*went, *came))
    kind = kind_of([(each.asset, each.amount) for each in went], [(each.asset, each.amount) for each in came])
    out.add(
        [each.line.number for each in group], group[0].at, kind, legs, word=group[0].family.rsplit("_", 1)[0],
        note=group[0].line.text("what"),
    )  # fmt: skip


HISTORY = Format(
    name="the transaction history",
    columns={
        "at": "timestamp (utc)", "what": "transaction description", "asset": "currency", "amount": "amount",
        "to_asset": "to currency", "to_amount": "to amount", "currency": "native currency", "value": "native amount",
        "usd?": "native amount (in usd)", "kind": "transaction kind", "hash?": "transaction hash",
    },
    numbers=("amount", "to_amount", "value"),
    read=read_history,
)  # fmt: skip
CRYPTO_COM = Source(
    key="crypto_com",
    info=SourceInfo(
        title="Crypto.com App",
        hint="Crypto.com App: Accounts, history, Export: “Crypto Wallet” (and “Fiat Wallet”) as CSV, all time.",
    ),
    formats=(HISTORY,),
)
