"""What proves a wallet, and the attacks that do not. (The message's grammar: tests/unit/accounts/siwe.)"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from redis.asyncio import Redis

from backend.accounts.siwe.message import SiweMessage, parse_message
from backend.accounts.siwe.service import Challenge, challenge, prove_wallet
from backend.chain import views
from backend.core.browser import new_browser_handle
from backend.core.clock import utc_now
from backend.core.errors import InvalidInputError, PremiumError, UnauthorizedError, UnavailableError
from backend.core.ids import new_id
from backend.core.settings import DEMO_CHAIN_ID, Settings
from tests.doubles.wallets import ContractWallets, key_account, signed_by

CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
ALICE, MALLORY = key_account("alice"), key_account("mallory")
BROWSER, OTHER_BROWSER = new_browser_handle(), new_browser_handle()


@pytest.fixture(autouse=True)
def _trusted_chain() -> None:
    views._breakers.clear()


async def asked(redis: Redis, settings: Settings, address: str = ALICE.address, chain_id: int = 1, **more) -> Challenge:
    return await challenge(redis, settings, browser=BROWSER, address=address, chain_id=chain_id, **more)


async def message_of(redis: Redis, settings: Settings, **changes) -> str:
    """The message that was asked for, with other fields than it should have."""
    message = parse_message((await asked(redis, settings)).message or "")
    return replace(message, **changes).text()


async def test_a_key_signs_what_was_asked(redis: Redis, wallet_settings: Settings) -> None:
    given = await asked(redis, wallet_settings)
    message = parse_message(given.message or "")
    assert (message.domain, message.uri, message.chain_id) == ("premium.example", "https://premium.example", 1)
    assert message.nonce == given.nonce and "costs nothing" in (message.statement or "")
    assert given.expires_at - utc_now() <= timedelta(minutes=5)
    assert 290 < await redis.ttl(f"siwe:nonce:{given.nonce}") <= 300
    proof = await prove_wallet(
        redis, wallet_settings, browser=BROWSER, message=given.message or "", signature=signed_by(ALICE, given.message)
    )
    assert (proof.address, proof.chain_id, proof.kind) == (ALICE.address, 1, "key")


async def test_a_nonce_works_once_whatever_came_of_it(redis: Redis, wallet_settings: Settings) -> None:
    for first_signer in (ALICE, MALLORY):
        text = (await asked(redis, wallet_settings)).message or ""
        tries = []
        for signer in (first_signer, ALICE):
            try:
                await prove_wallet(
                    redis, wallet_settings, browser=BROWSER, message=text, signature=signed_by(signer, text)
                )
                tries.append("")
            except UnauthorizedError as error:
                tries.append(error.message)
        assert "used already" in tries[1]
        assert bool(tries[0]) is (first_signer is MALLORY)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"domain": "premium.example.evil.com"}, "another site"),
        ({"domain": "premium.example:8443"}, "another site"),
        ({"domain": "user@premium.example"}, "another site"),
        ({"uri": "https://evil.com/premium.example"}, "another site"),
        ({"uri": "http://premium.example"}, "another site"),
        ({"uri": "https://premium.example@evil.com/"}, "another site"),
        ({"scheme": "http"}, "another site"),
        ({"chain_id": 987_654_321_987}, "do not know"),
        ({"issued_at": "2020-01-01T00:00:00Z"}, "has expired"),
        ({"issued_at": "2999-01-01T00:00:00Z", "expiration_time": None}, "not valid yet"),
        ({"expiration_time": "2020-01-01T00:00:00Z"}, "has expired"),
        ({"not_before": "2999-01-01T00:00:00Z"}, "not valid yet"),
        ({"nonce": "abcdefgh12345678"}, "used already or took too long"),
        ({"address": MALLORY.address}, "not that of the address"),
    ],
)
async def test_a_message_for_elsewhere_or_another_time_is_refused(
    redis: Redis, wallet_settings: Settings, changes: dict, said: str
) -> None:
    text = await message_of(redis, wallet_settings, **changes)
    with pytest.raises(PremiumError) as caught:
        await prove_wallet(redis, wallet_settings, browser=BROWSER, message=text, signature=signed_by(ALICE, text))
    assert isinstance(caught.value, UnauthorizedError | InvalidInputError) and said in caught.value.message


async def test_what_is_less_than_the_template_is_taken_too(redis: Redis, wallet_settings: Settings) -> None:
    """Programs may write the message themselves, with the nonce alone."""
    given = await challenge(redis, wallet_settings, browser=BROWSER, address=None, chain_id=None)
    assert given.message is None
    text = SiweMessage(
        domain="premium.example",
        address=ALICE.address,
        uri="https://premium.example/v1/auth/siwe/verify",
        chain_id=10,
        nonce=given.nonce,
        issued_at=utc_now().isoformat(),
        scheme="https",
    ).text()
    proof = await prove_wallet(redis, wallet_settings, browser=BROWSER, message=text, signature=signed_by(ALICE, text))
    assert proof.chain_id == 10


async def test_the_nonce_of_another_browser_or_purpose_is_refused(redis: Redis, wallet_settings: Settings) -> None:
    me, somebody = new_id(), new_id()
    for given_to, used_by, browser in (
        (None, None, OTHER_BROWSER),
        (None, None, None),
        (None, me, BROWSER),  # a sign-in's message does not add a wallet
        (me, None, BROWSER),  # nor the other way round
        (somebody, me, BROWSER),
    ):
        text = (await asked(redis, wallet_settings, user_id=given_to)).message or ""
        with pytest.raises(UnauthorizedError, match="somewhere else"):
            await prove_wallet(
                redis,
                wallet_settings,
                browser=browser,
                message=text,
                signature=signed_by(ALICE, text),
                user_id=used_by,
            )


async def test_a_second_signature_cannot_be_made_of_the_first(redis: Redis, wallet_settings: Settings) -> None:
    """The mirrored `s` of the same key (EIP-2), other lengths and other recovery ids prove nothing."""

    def mirrored(raw: bytes) -> bytes:
        s = CURVE_ORDER - int.from_bytes(raw[32:64])
        return raw[:32] + s.to_bytes(32) + bytes([27 + 28 - raw[64]])

    forms: list[Callable[[bytes], bytes]] = [
        mirrored,
        lambda raw: raw + b"\x00",
        lambda raw: raw[:64],
        lambda raw: raw[:64] + bytes([raw[64] + 4]),
        lambda raw: bytes(65),
    ]
    for form in forms:
        text = (await asked(redis, wallet_settings)).message or ""
        raw = form(bytes.fromhex(signed_by(ALICE, text)[2:]))
        with pytest.raises(UnauthorizedError):
            await prove_wallet(redis, wallet_settings, browser=BROWSER, message=text, signature="0x" + raw.hex())
    for signature in ("", "0x", "0xzz", "hello", "0x" + "ab" * 9000):
        text = (await asked(redis, wallet_settings)).message or ""
        with pytest.raises(UnauthorizedError, match="not a signature"):
            await prove_wallet(redis, wallet_settings, browser=BROWSER, message=text, signature=signature)
    text = (await asked(redis, wallet_settings)).message or ""
    raw = bytes.fromhex(signed_by(ALICE, text)[2:])
    hardware = "0x" + (raw[:64] + bytes([raw[64] - 27])).hex()
    assert (
        await prove_wallet(redis, wallet_settings, browser=BROWSER, message=text, signature=hardware)
    ).address == ALICE.address


@pytest.mark.parametrize("address", ["0x123", "alice.eth", "0x" + "g" * 40, ""])
async def test_what_is_no_address_gets_no_message(redis: Redis, wallet_settings: Settings, address: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        await asked(redis, wallet_settings, address=address)
    assert list(caught.value.details) == ["address"]


async def test_the_demo_chain_counts_in_the_demo_only(redis: Redis, make_settings: Callable[..., Settings]) -> None:
    live = make_settings(chains={1: ["http://127.0.0.1:9"]})
    with pytest.raises(InvalidInputError) as caught:
        await asked(redis, live, chain_id=DEMO_CHAIN_ID)
    assert list(caught.value.details) == ["chainId"]


async def test_both_names_of_this_machine_are_one_site(redis: Redis, make_settings: Callable[..., Settings]) -> None:
    local = make_settings(port=8123)
    for host in ("localhost:8123", "127.0.0.1:8123"):
        text = await message_of(redis, local, domain=host, uri=f"http://{host}/sign-in/")
        await prove_wallet(redis, local, browser=BROWSER, message=text, signature=signed_by(ALICE, text))
    text = await message_of(redis, local, domain="localhost:8124")
    with pytest.raises(UnauthorizedError, match="another site"):
        await prove_wallet(redis, local, browser=BROWSER, message=text, signature=signed_by(ALICE, text))


async def contract_proof(
    redis: Redis, settings: Settings, contracts: ContractWallets, address: str, sign: Callable[[str], str]
) -> str:
    """How a contract at `address` fares on the demo chain: `key`, `contract`, or why not."""
    text = (await asked(redis, settings, address, DEMO_CHAIN_ID)).message or ""
    try:
        proof = await prove_wallet(redis, settings, browser=BROWSER, message=text, signature=sign(text))
    except UnauthorizedError as error:
        return error.message
    assert (proof.address, proof.chain_id) == (address, DEMO_CHAIN_ID)
    return proof.kind


async def test_a_contract_wallet_answers_for_itself(
    redis: Redis, wallet_settings: Settings, contracts: ContractWallets
) -> None:
    def by(account):
        return lambda text: signed_by(account, text)

    async def fares(address: str, sign: Callable[[str], str]) -> str:
        return await contract_proof(redis, wallet_settings, contracts, address, sign)

    assert await fares(contracts.wallet, by(contracts.owner)) == "contract"
    assert "not that of the address" in await fares(contracts.wallet, by(MALLORY))
    assert "not that of the address" in await fares(contracts.wallet, lambda text: "0x" + "00" * 200)
    # Contracts that say yes to everybody, or seem to.
    for pretender in (contracts.echo, contracts.talkative, contracts.burner, contracts.factory):
        assert "not that of the address" in await fares(pretender, by(MALLORY)), pretender
    # Precompiles: identity (4) gives back its input, ecrecover (1) an address.
    for number in (1, 2, 4):
        place = "0x" + f"{number:040x}"
        assert "not that of the address" in await fares(place, by(MALLORY)), number
    assert "not that of the address" in await fares(key_account("nobody").address, by(MALLORY))


async def test_a_contract_wallet_signs_before_it_is_there(
    redis: Redis, wallet_settings: Settings, contracts: ContractWallets
) -> None:
    salt = bytes(31) + b"\x01"
    address = contracts.future_wallet(salt)

    async def fares(sign: Callable[[str], str]) -> str:
        return await contract_proof(redis, wallet_settings, contracts, address, sign)

    def wrapped(account):
        return lambda text: contracts.before_deployment(signed_by(account, text), salt)

    refused = "not that of the address"
    assert await fares(wrapped(contracts.owner)) == "contract"
    assert refused in await fares(wrapped(MALLORY))
    assert refused in await fares(lambda text: signed_by(contracts.owner, text))
    other = contracts.deployment(bytes(31) + b"\x02")  # deploys a wallet of the owner's, at another address
    assert refused in await fares(
        lambda text: contracts.before_deployment(signed_by(contracts.owner, text), salt, other)
    )
    assert refused in await fares(lambda text: "0x" + "11" * 100 + "6492" * 16)
    await contracts.deploy(salt)
    assert await fares(wrapped(contracts.owner)) == "contract", "once there, the wrapping changes nothing"
    assert await fares(lambda text: signed_by(contracts.owner, text)) == "contract"
    assert refused in await fares(wrapped(MALLORY))


async def test_a_chain_that_is_not_read_or_does_not_answer(
    redis: Redis,
    make_settings: Callable[..., Settings],
    contracts: ContractWallets,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(views, "BUDGET_SECONDS", 0.5)
    away = make_settings(demo_chain_port=9, public_url="https://premium.example")
    text = (await asked(redis, away, contracts.wallet, DEMO_CHAIN_ID)).message or ""
    with pytest.raises(UnavailableError, match="does not answer"):
        await prove_wallet(redis, away, browser=BROWSER, message=text, signature=signed_by(contracts.owner, text))
    text = (await asked(redis, away, contracts.wallet, 10)).message or ""
    with pytest.raises(UnauthorizedError, match="Contract wallets can be used here on: Demo market"):
        await prove_wallet(redis, away, browser=BROWSER, message=text, signature=signed_by(contracts.owner, text))
