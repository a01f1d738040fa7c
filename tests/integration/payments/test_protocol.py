"""Keys, errors, idempotency, paging and faults, as the SDK meets them."""

import asyncio

import aiohttp
import pytest
import stripe

from tests.doubles.local_stripe import SECRET_KEY, LocalStripe


@pytest.mark.parametrize("key", ["sk_test_another", "x"])
async def test_another_key_is_refused(payments: LocalStripe, key: str):
    client = stripe.StripeClient(key, base_addresses={"api": payments.url}, max_network_retries=0)
    with pytest.raises(stripe.AuthenticationError, match="Invalid API Key"):
        await asyncio.to_thread(client.v1.customers.list)


async def test_without_a_key_nothing_is_answered_nor_controlled(payments: LocalStripe):
    async with aiohttp.ClientSession() as http:
        for path in ("/v1/customers", "/_control/webhooks", "/_control/requests"):
            async with http.get(payments.url + path) as answer:
                assert answer.status == 401, path
                assert "API key" in (await answer.json())["error"]["message"]


async def test_basic_authentication_and_headers(payments: LocalStripe):
    async with (
        aiohttp.ClientSession(auth=aiohttp.BasicAuth(SECRET_KEY, "")) as http,
        http.get(f"{payments.url}/v1/prices?limit=1", headers={"Stripe-Version": "2026-10-28.endive"}) as answer,
    ):
        assert answer.status == 200
        assert answer.headers["Request-Id"].startswith("req_")
        assert answer.headers["Stripe-Version"] == "2026-10-28.endive"
        assert answer.content_type == "application/json"


async def test_errors_are_those_of_the_sdk(payments: LocalStripe):
    with pytest.raises(stripe.InvalidRequestError) as caught:
        await payments.call(lambda v1: v1.customers.retrieve("cus_nobody"))
    error = caught.value
    assert (error.http_status, error.code, error.param) == (404, "resource_missing", "id")
    assert error.request_id
    assert error.request_id.startswith("req_")
    with pytest.raises(stripe.InvalidRequestError) as caught:
        await payments.call(lambda v1: v1.customers.create({"favourite": "blue"}))
    assert (caught.value.code, caught.value.param) == ("parameter_unknown", "favourite")
    with pytest.raises(stripe.InvalidRequestError, match="Unrecognized request URL"):
        await payments.call(lambda v1: v1.payouts.list())


async def test_the_same_key_is_the_same_answer(payments: LocalStripe):
    options = {"idempotency_key": "key-1"}
    first = await payments.call(lambda v1: v1.customers.create({"email": "same@example.com"}, options))
    again = await payments.call(lambda v1: v1.customers.create({"email": "same@example.com"}, options))
    assert first.id == again.id
    assert again.last_response.headers["Idempotent-Replayed"] == "true"
    found = await payments.call(lambda v1: v1.customers.list({"email": "same@example.com"}))
    assert len(found.data) == 1
    with pytest.raises(stripe.IdempotencyError) as caught:
        await payments.call(lambda v1: v1.customers.create({"email": "other@example.com"}, options))
    assert caught.value.http_status == 400


async def test_a_request_that_was_wrong_does_not_use_up_its_key(payments: LocalStripe):
    options = {"idempotency_key": "key-2"}
    with pytest.raises(stripe.InvalidRequestError):
        await payments.call(lambda v1: v1.customers.create({"email": "not an address"}, options))
    made = await payments.call(lambda v1: v1.customers.create({"email": "right@example.com"}, options))
    assert made.email == "right@example.com"


async def test_the_same_key_twice_at_once_is_a_conflict(payments: LocalStripe):
    await payments.control("faults", path="/v1/customers", method="POST", work_seconds=0.4)
    options = {"idempotency_key": "key-3"}
    slow = asyncio.create_task(payments.call(lambda v1: v1.customers.create({"email": "slow@example.com"}, options)))
    await asyncio.sleep(0.15)
    with pytest.raises(stripe.APIError) as caught:
        await payments.call(lambda v1: v1.customers.create({"email": "slow@example.com"}, options))
    assert (caught.value.http_status, caught.value.error.code) == (409, "idempotency_key_in_use")
    made = await slow
    again = await payments.call(lambda v1: v1.customers.create({"email": "slow@example.com"}, options))
    assert again.id == made.id


async def test_paging_by_the_sdk_sees_everything_once(payments: LocalStripe):
    product = await payments.call(lambda v1: v1.products.create({"name": "Paged"}))
    made = []
    for amount in range(1_000, 1_025):
        price = {"product": product.id, "currency": "usd", "unit_amount": amount, "recurring": {"interval": "month"}}
        made.append(await payments.call(lambda v1, price=price: v1.prices.create(price)))

    def all_of_them(v1):
        first = v1.prices.list({"product": product.id, "limit": 10})
        assert (len(first.data), first.has_more) == (10, True)
        return [each.id for each in first.auto_paging_iter()]

    assert await payments.call(all_of_them) == [each.id for each in reversed(made)]
    before = await payments.call(
        lambda v1: v1.prices.list({"product": product.id, "limit": 3, "ending_before": made[0].id})
    )
    assert [each.id for each in before.data] == [made[3].id, made[2].id, made[1].id]
    for wrong in ({"limit": 0}, {"limit": 101}, {"starting_after": "price_nothing"}):
        with pytest.raises(stripe.InvalidRequestError):
            await payments.call(lambda v1, wrong=wrong: v1.prices.list(wrong))


async def test_expanding_what_cannot_be_expanded_is_an_error(payments: LocalStripe):
    product = await payments.call(lambda v1: v1.prices.retrieve("price_premium_pro_month", {"expand": ["product"]}))
    assert product.product.name == "Premium Pro"
    with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
        await payments.call(lambda v1: v1.prices.retrieve("price_premium_pro_month", {"expand": ["unit_amount"]}))


@pytest.mark.parametrize(
    ("status", "error"), [(429, stripe.RateLimitError), (500, stripe.APIError), (503, stripe.APIError)]
)
async def test_errors_on_demand(payments: LocalStripe, status: int, error: type[Exception]):
    await payments.control("faults", path="/v1/products", status=status)
    with pytest.raises(error):
        await payments.call(lambda v1: v1.products.list())
    assert (await payments.call(lambda v1: v1.products.list())).data


async def test_an_answer_that_is_lost_is_found_again_by_its_key(payments: LocalStripe):
    await payments.control("faults", path="/v1/customers", method="POST", lose=True)
    options = {"idempotency_key": "key-lost"}
    with pytest.raises(stripe.APIConnectionError):
        await payments.call(lambda v1: v1.customers.create({"email": "lost@example.com"}, options))
    made = await payments.call(lambda v1: v1.customers.create({"email": "lost@example.com"}, options))
    assert made.last_response.headers["Idempotent-Replayed"] == "true"
    found = await payments.call(lambda v1: v1.customers.list({"email": "lost@example.com"}))
    assert [each.id for each in found.data] == [made.id]


async def test_a_stall_is_as_long_as_asked(payments: LocalStripe):
    await payments.control("faults", path="/v1/products", seconds=0.5)
    started = asyncio.get_running_loop().time()
    await payments.call(lambda v1: v1.products.list())
    assert asyncio.get_running_loop().time() - started >= 0.5


async def test_lookup_keys_belong_to_one_price(payments: LocalStripe):
    given = {
        "product": "prod_premium_pro",
        "currency": "usd",
        "unit_amount": 6_000,
        "recurring": {"interval": "month"},
        "lookup_key": "newer",
    }
    first = await payments.call(lambda v1: v1.prices.create(given))
    with pytest.raises(stripe.InvalidRequestError, match="already uses that lookup key"):
        await payments.call(lambda v1: v1.prices.create(given))
    second = await payments.call(lambda v1: v1.prices.create({**given, "transfer_lookup_key": True}))
    found = await payments.call(lambda v1: v1.prices.list({"lookup_keys": ["newer"]}))
    assert [each.id for each in found.data] == [second.id]
    assert (await payments.call(lambda v1: v1.prices.retrieve(first.id))).lookup_key is None
