"""Passwords: argon2id, and the same work whether or not there is an account."""

import pytest
from argon2 import PasswordHasher

from backend.accounts import passwords


class CountingHasher(PasswordHasher):
    """The real hasher, counting what it verifies."""

    verified = 0

    def verify(self, *arguments: str | bytes) -> bool:  # type: ignore[override]
        CountingHasher.verified += 1
        return super().verify(*arguments)  # type: ignore[return-value]


async def test_a_password_matches_its_own_hash_only() -> None:
    hashed = await passwords.hash_password("correct horse")
    assert hashed.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert await passwords.password_matches(hashed, "correct horse")
    assert not await passwords.password_matches(hashed, "correct horse ")
    assert not await passwords.password_matches(hashed, "")
    assert hashed != await passwords.hash_password("correct horse"), "salted"


async def test_no_account_costs_as_much_as_a_wrong_password(monkeypatch: pytest.MonkeyPatch) -> None:
    hashed = await passwords.hash_password("x")
    monkeypatch.setattr(passwords, "_hasher", CountingHasher(time_cost=3, memory_cost=64 * 1024, parallelism=4))
    passwords._unusable_hash.cache_clear()
    assert not await passwords.password_matches(None, "x")
    assert not await passwords.password_matches(None, "no account has this password")
    assert CountingHasher.verified == 2
    assert not await passwords.password_matches(hashed, "y")
    assert CountingHasher.verified == 3
    spent = passwords._unusable_hash().split("$")[1:4]
    assert spent == hashed.split("$")[1:4], "the stand-in has the same parameters"


async def test_a_broken_hash_matches_nothing() -> None:
    assert not await passwords.password_matches("not a hash", "x")
    assert not await passwords.password_matches("", "x")
