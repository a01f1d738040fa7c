"""Pieces in logs, what contracts answer, verdicts and holdings: what does not fit is unknown or left out."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st

from backend.chain.blocks import Log
from backend.portfolio.allocation import find_assets, unknown_of
from backend.portfolio.nfts.facts import Collection, collection_of
from backend.portfolio.nfts.listing import nft_list
from backend.portfolio.nfts.logs import (
    MOST_IDS,
    TRANSFER,
    TRANSFER_BATCH,
    TRANSFER_SINGLE,
    Found,
    note_received,
    sent_in,
)
from backend.portfolio.nfts.pieces import CONTRADICTS, NOT_SAID, Pieces, Wanted, pieces_721, pieces_1155
from backend.portfolio.nfts.reading import ChainNfts
from backend.portfolio.nfts.spam import MASS_SENT, Suspect, judge
from backend.portfolio.nfts.taking import FLOOR_LOST, MOST_IDS_KEPT, held_nfts, nfts_need_last
from backend.portfolio.overview import portfolio_read
from backend.portfolio.snapshots.compare import compare
from backend.portfolio.snapshots.records import AssetPart, ChainPart, Snapshot, make_snapshot, row_of, snapshot_of
from state.nft_rows import nft_rows, tiles_of

ME, OTHER, COLLECTION = ("0x" + digit * 40 for digit in "abc")
NOW = datetime(2026, 11, 26, tzinfo=UTC)
IDS = st.lists(st.integers(0, 2**256 - 1), max_size=12)


def word(value: int | str) -> bytes:
    return (int(value, 16) if isinstance(value, str) else value).to_bytes(32, "big")


def topic(value: int | str) -> str:
    return "0x" + word(value).hex()


def log(*topics: str, data: bytes = b"") -> Log:
    return Log(COLLECTION, topics, data, topic(1), 0, 7, topic(2))


def batch(ids: Sequence[int], to: str = ME) -> Log:
    data = encode(["uint256[]", "uint256[]"], [list(ids), [1] * len(ids)])
    return log(TRANSFER_BATCH, topic(OTHER), topic(0), topic(to), data=data)


@given(IDS)
def test_a_batch_is_its_ids(ids: list[int]) -> None:
    assert sent_in(batch(ids)) == (ME, ids)


def test_each_kind_of_transfer_is_told_from_the_others() -> None:
    assert sent_in(log(TRANSFER, topic(OTHER), topic(ME), topic(2**255))) == (ME, [2**255])
    assert sent_in(log(TRANSFER_SINGLE, topic(OTHER), topic(0), topic(ME), data=word(5) + word(3))) == (ME, [5])
    assert sent_in(log(TRANSFER_SINGLE, topic(OTHER), topic(0), topic(ME), data=word(5) + word(0))) == (ME, [])
    assert sent_in(log(TRANSFER, topic(OTHER), topic(ME), data=word(5))) is None, "ERC-20"
    assert sent_in(log(TRANSFER, topic(OTHER), topic(ME), topic(1), data=word(5))) is None
    assert sent_in(log(topic(9), topic(OTHER), topic(0), topic(ME))) is None


@given(st.binary(max_size=200))
def test_no_batch_of_nonsense_does_harm(data: bytes) -> None:
    sent = sent_in(log(TRANSFER_BATCH, topic(OTHER), topic(0), topic(ME), data=data))
    assert sent is None or len(sent[1]) <= len(data) // 32


def test_ids_are_kept_up_to_the_most() -> None:
    found: Found = {}
    note_received(found, [ME], [batch(range(MOST_IDS)), batch([3], to=OTHER)])
    assert len(found[ME, COLLECTION].token_ids) == MOST_IDS and not found[ME, COLLECTION].has_more
    note_received(found, [ME], [batch([5]), batch([MOST_IDS])])
    received = found[ME, COLLECTION]
    assert (len(received.token_ids), received.has_more, received.first_tx) == (MOST_IDS, True, topic(1))
    assert set(found) == {(ME, COLLECTION)}


WANTED = Wanted(ME, COLLECTION, "erc721", (1, 2, 3), symbol="PPG", name="Penguins")


@pytest.mark.parametrize(
    ("count", "owners", "expected"),
    [
        (0, [], Pieces(0)),
        (2, [word(ME), word(OTHER), word(ME)], Pieces(2, (1, 3))),
        (5, [word(ME), None, None], Pieces(5, (1,), has_more=True)),
        (1, [word(ME), word(ME), None], Pieces(None, problem=CONTRADICTS)),
        (1, [b"\xff" * 32, b"", b"\x01"], Pieces(1, (), has_more=True)),
        (None, [], Pieces(None, problem=NOT_SAID)),
    ],
)
def test_an_erc721_holds_what_it_counts(count: int | None, owners: list[bytes | None], expected: Pieces) -> None:
    assert pieces_721(WANTED, count, owners) == expected


@given(st.lists(st.integers(0, 2**128 - 1), min_size=3, max_size=3))
def test_an_erc1155_holds_the_sum_of_its_ids(amounts: list[int]) -> None:
    found = pieces_1155(WANTED, [word(amount) for amount in amounts])
    held = tuple(token_id for token_id, amount in zip((1, 2, 3), amounts, strict=True) if amount)
    assert found == Pieces(sum(amounts), held)


@pytest.mark.parametrize("answer", [None, b"", b"\x00" * 31, word(2**128)])
def test_one_amount_that_is_not_said_makes_all_unknown(answer: bytes | None) -> None:
    assert pieces_1155(WANTED, [word(1), answer, word(1)]) == Pieces(None, problem=NOT_SAID)


TEXT = encode(["string"], ["Name"])


@pytest.mark.parametrize(
    ("said", "standard", "is_enumerable"),
    [
        ((1, 0, 1, 0, 0), "erc721", False),
        ((1, 0, 1, 0, 1), "erc721", True),
        ((1, 0, 0, 1, 1), "erc1155", False),
        ((1, 0, 1, 1, 0), None, False),
        ((1, 1, 1, 0, 0), None, False),
        ((0, 0, 1, 0, 1), None, False),
        ((1, 0, 0, 0, 0), None, False),
        ((1, 0, 2, 0, 0), None, False),
    ],
)
def test_a_standard_is_what_erc165_says(said: tuple[int, ...], standard: str | None, is_enumerable: bool) -> None:
    found = collection_of(COLLECTION, [*map(word, said), TEXT, None])
    assert found == Collection(COLLECTION, standard, is_enumerable, "Name", None)


PLAIN = Suspect("erc721", "PPG", "Penguins", None)


@pytest.mark.parametrize(
    ("suspect", "is_spam", "reasons"),
    [
        (PLAIN, False, {"no_floor"}),
        (replace(PLAIN, floor_usd=Decimal(1)), False, set()),
        (replace(PLAIN, name="Visit free-mint.io"), True, {"link", "lure", "no_floor"}),
        (replace(PLAIN, name="Visit free-mint.io", floor_usd=Decimal(1)), False, set()),
        (replace(PLAIN, symbol="P\u0420G"), True, {"mixed_scripts", "no_floor"}),
        (replace(PLAIN, symbol=None, name=None), True, {"no_name", "no_floor"}),
        (Suspect("erc1155", None, None, None), False, {"no_floor"}),
        (replace(PLAIN, standard=None, floor_usd=Decimal(1)), True, {"no_standard"}),
        (replace(PLAIN, recipients=MASS_SENT), True, {"mass_sent", "no_floor"}),
        (replace(PLAIN, recipients=MASS_SENT - 1), False, {"no_floor"}),
    ],
)
def test_verdicts_have_reasons(suspect: Suspect, is_spam: bool, reasons: set[str]) -> None:
    verdict = judge(suspect)
    assert (verdict.is_spam, set(verdict.reasons)) == (is_spam, reasons)


@dataclass(frozen=True)
class Floor:
    price_usd: Decimal = Decimal("9713.91")
    source: str = "CoinGecko"
    detail: str = "collection floor, 4.67 ETH"
    taken_at: datetime = NOW


KEY = (1, COLLECTION)


def held(pieces: Pieces, floor: Floor | None, earlier: Sequence[AssetPart] = ()) -> tuple[list[AssetPart], bool]:
    floors = {} if floor is None else {KEY: floor}
    return held_nfts(1, [WANTED], ChainNfts({(ME, COLLECTION): pieces}), floors, earlier)


def snapshot(*parts: AssetPart) -> Snapshot:
    chain = ChainPart(
        chain_id=1, value_usd=None, block_number=7, block_hash=topic(2), taken_at=NOW, state="fresh", problem=None
    )
    return make_snapshot(UUID(int=1), NOW, [chain], parts, is_complete=True)


def test_pieces_times_floor_is_the_value_and_survives_the_store() -> None:
    parts, sound = held(Pieces(3, tuple(range(60))), Floor())
    (part,) = parts
    assert sound and part.value_usd == Decimal("29141.73") and not part.is_apart
    assert part.nft is not None and len(part.nft.token_ids) == MOST_IDS_KEPT and part.nft.has_more
    taken = snapshot(part)
    assert snapshot_of({**row_of(taken), "user_id": taken.user_id, **_typed(taken)}).assets == (part,)
    assert taken.categories_usd() == {"nft": Decimal("29141.73")} and taken.total_value_usd == Decimal("29141.73")


def _typed(taken: Snapshot) -> dict[str, object]:
    return {"taken_at": NOW, "total_value_usd": taken.total_value_usd, "net_flow_usd": None, "withdrawn_at": None}


def test_without_a_floor_they_are_apart_and_nothing_is_missing() -> None:
    parts, sound = held(Pieces(3, (1,)), None)
    taken = snapshot(*parts)
    assert sound and parts[0].is_apart and parts[0].value_usd is None
    assert taken.holdings == () and portfolio_read(taken, None, NOW).assets == 0
    assert find_assets(taken, "", "-value") == [] and unknown_of(taken.holdings) == 0
    (read,) = nft_list(taken).items
    assert (read.pieces, read.is_counted, read.value_usd) == ("3", False, None)
    (row,) = nft_rows(nft_list(taken), {ME: "Cold"}, counted=False)
    assert (row.pieces, row.ids, row.value, row.wallet_name) == ("3", "#1", "—", "Cold")
    assert tiles_of(nft_list(taken))[0].value == "—"


def test_what_was_known_and_is_not_now_makes_it_incomplete() -> None:
    (before,), _ = held(Pieces(3, (1,)), Floor())
    (lost,), sound = held(Pieces(3, (1,)), None, [before])
    assert not sound and lost.nft is not None and lost.nft.problem == FLOOR_LOST and not lost.is_apart
    (unknown,), sound = held(Pieces(None, problem=NOT_SAID), Floor(), [before])
    assert not sound and (unknown.amount_raw, unknown.value_usd) == (None, None) and not unknown.is_apart
    assert held(Pieces(None, problem=NOT_SAID), Floor()) == ([], True), "never held: the contract's own doing"
    assert held(Pieces(0), Floor(), [before]) == ([], True)
    (stays,), sound = held_nfts(1, [WANTED], ChainNfts(problem="not read"), {KEY: Floor()}, [before])
    assert not sound and stays.amount_raw is None and stays.nft is not None and stays.nft.problem == "not read"


def test_a_comparison_knows_nothing_of_what_is_apart_and_a_floor_that_came_is_no_purchase() -> None:
    (priced,), _ = held(Pieces(3, (1,)), Floor())
    (apart,), _ = held(Pieces(3, (1,)), None)
    later = replace(snapshot(apart), taken_at=NOW + timedelta(hours=1))
    assert compare(snapshot(apart), later).assets == ()
    (change,) = compare(snapshot(priced), later).assets
    assert (change.after.value_usd, change.change_usd, change.by_amount_usd) == (None, None, None)
    assert (change.before.amount, change.after.amount) == (3, 3)


def test_the_last_snapshot_is_asked_for_only_where_it_says_more() -> None:
    for pieces, floors, needed in (
        (Pieces(3), {KEY: Floor()}, False),
        (Pieces(3), {}, True),
        (Pieces(0), {}, False),
        (Pieces(None), {KEY: Floor()}, True),
    ):
        assert nfts_need_last(1, [WANTED], ChainNfts({(ME, COLLECTION): pieces}), floors) is needed
    assert nfts_need_last(1, [], ChainNfts(problem="not read"), {}) is True


def test_ids_read_well_however_long() -> None:
    parts, _ = held(Pieces(9, (1, 2**255, 3, 4), has_more=True), Floor())
    (row,) = nft_rows(nft_list(snapshot(*parts)), {}, counted=True)
    assert row.ids == "#1, #57896…9968, #3 and more" and f"#{2**255}" in row.all_ids
    many = replace(WANTED, standard="erc1155", has_more=True)
    read = ChainNfts({(ME, COLLECTION): Pieces(200, (1,), has_more=True)})
    parts, _ = held_nfts(1, [many], read, {KEY: Floor()}, [])
    (row,) = nft_rows(nft_list(snapshot(*parts)), {}, counted=True)
    assert row.pieces == "at least 200"
