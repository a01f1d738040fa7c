"""Large transfers as rows of strings."""

from backend.chain.events import TokenTransfer
from backend.core import formats
from backend.core.clock import from_unix
from backend.core.money import plain
from state.alert_rows import address_url, transaction_url
from state.view_models import TransferRow


def transfer_row(transfer: TokenTransfer) -> TransferRow:
    """Return the row of a transfer."""
    symbol = formats.untrusted_text(transfer.symbol or "")
    return TransferRow(
        key=transfer.id,
        at=formats.iso(from_unix(transfer.taken_at)),
        token=symbol,
        value=formats.usd(transfer.value_usd),
        amount=formats.amount(transfer.amount, symbol),
        exact=f"{plain(transfer.amount)} {symbol}" if transfer.amount is not None else "",
        source=transfer.price_source or "",
        from_short=formats.address(transfer.sender),
        from_full=transfer.sender,
        from_url=address_url(transfer.chain_id, transfer.sender),
        to_short=formats.address(transfer.recipient),
        to_full=transfer.recipient,
        to_url=address_url(transfer.chain_id, transfer.recipient),
        tx=transfer.tx_hash,
        tx_url=transaction_url(transfer.chain_id, transfer.tx_hash),
    )
