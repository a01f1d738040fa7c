"""What a report was computed of, small enough to be kept: a hash of all, a digest of each transaction. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b, sha256
from uuid import UUID

from backend.tax.engine.calculate import Settings, fingerprint, fingerprint_of
from backend.tax.engine.events import TaxEvent, canonical

_ID, _DIGEST = 16, 16


@dataclass(frozen=True, slots=True)
class Inputs:
    """The hash of all that a report depends on, the digests of its transactions, and the engine's own fingerprint."""

    hash: str
    digests: bytes
    fingerprint: str


def inputs_of(events: Iterable[TaxEvent], engine: Settings, year: int, currency: str, names: str) -> Inputs:
    """Return what a report is computed of. `names` is anything else that it shows.

    The engine's `fingerprint` of no events stands for its version and the settings; the events follow in any order.
    """
    by_transaction: dict[bytes, list[str]] = {}
    for event in events:
        by_transaction.setdefault(_key(event.id), []).append(canonical(event))
    digests = b"".join(
        key + blake2b("\n".join(sorted(mine)).encode(), digest_size=_DIGEST).digest()
        for key, mine in sorted(by_transaction.items())
    )
    head = f"{fingerprint((), engine)}\n{year}\n{currency}\n{names}\n".encode()
    said = fingerprint_of((line for mine in by_transaction.values() for line in mine), engine)
    return Inputs(sha256(head + digests).hexdigest(), digests, said)


def _key(event_id: str) -> bytes:
    """The bytes of the transaction's id; of what is no transaction's, a hash."""
    try:
        key = bytes.fromhex(event_id[:36].replace("-", ""))
    except ValueError:
        key = b""
    return key if len(key) == _ID else blake2b(event_id.encode(), digest_size=_ID).digest()


@dataclass(frozen=True, slots=True)
class Differences:
    """Which transactions came, went, or are another now."""

    added: frozenset[UUID]
    removed: frozenset[UUID]
    changed: frozenset[UUID]


def differences(before: bytes, after: bytes) -> Differences:
    """Return how the transactions of two reports differ, from their digests."""
    old, new = dict(_read(before)), dict(_read(after))
    return Differences(
        frozenset(new.keys() - old.keys()),
        frozenset(old.keys() - new.keys()),
        frozenset(key for key, digest in new.items() if old.get(key, digest) != digest),
    )


def _read(digests: bytes) -> Iterator[tuple[UUID, bytes]]:
    size = _ID + _DIGEST
    for place in range(0, len(digests), size):
        yield UUID(bytes=digests[place : place + _ID]), digests[place + _ID : place + size]
