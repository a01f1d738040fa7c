"""The control endpoints, `/_control/…`, for tests and demonstrations: ours, not Stripe's, with the same key."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from backend.core.clock import now_seconds
from backend.test_payments.account import Account
from backend.test_payments.book import time_travel
from backend.test_payments.faults import Fault
from backend.test_payments.gateway import Gateway, check_key
from backend.test_payments.wire.errors import StripeError

Answer = Callable[[Account, Gateway, dict[str, Any], Request], dict[str, Any]]


def _guarded(work: Answer) -> Callable[[Request], Awaitable[Response]]:
    """Return an endpoint that checks the key, reads JSON, does `work` and answers JSON."""

    async def endpoint(request: Request) -> Response:
        account: Account = request.app.state.account
        try:
            check_key(request, account.config.secret_key)
            given = json.loads(await request.body() or b"{}")
            return JSONResponse(work(account, request.app.state.gateway, given, request))
        except StripeError as error:
            return JSONResponse(error.body(""), error.status)
        except (ValueError, TypeError, AttributeError) as error:
            return JSONResponse({"error": {"message": str(error), "type": "invalid_request_error"}}, 400)

    return endpoint


def _add_fault(_account: Account, gateway: Gateway, given: dict[str, Any], _request: Request) -> dict[str, Any]:
    gateway.faults.waiting.append(Fault(**given))
    return {"faults": len(gateway.faults.waiting)}


def _clear_faults(_account: Account, gateway: Gateway, _given: dict[str, Any], _request: Request) -> dict[str, Any]:
    gateway.faults.waiting.clear()
    return {"faults": 0}


def _webhooks(account: Account, _gateway: Gateway, given: dict[str, Any], _request: Request) -> dict[str, Any]:
    """Set how deliveries misbehave: `hold`, `copies`, `shuffle`; without any, only say how it is."""
    manners = account.postman.manners
    for name, kind in (("hold", bool), ("copies", int), ("shuffle", bool)):
        if name in given:
            setattr(manners, name, kind(given[name]))
    account.postman.wake.set()
    return {**vars(manners), "open": account.records.open_deliveries()}


def _resend(account: Account, _gateway: Gateway, given: dict[str, Any], _request: Request) -> dict[str, Any]:
    """Deliver an event again, `copies` times, to every endpoint that wants it."""
    with account.book() as book:
        event = book.get("event", given.get("event"), "event")
        for _ in range(int(given.get("copies", 1))):
            account.postman.post(book, event)
    return {"open": account.records.open_deliveries()}


def _advance(account: Account, _gateway: Gateway, given: dict[str, Any], request: Request) -> dict[str, Any]:
    """Let time pass for one customer: `seconds` more, or up to the Unix time `until`."""
    with account.book() as book:
        customer = book.get("customer", request.path_params["customer"], "customer")
        start = book.time(customer)
        until = int(given["until"]) if "until" in given else start + int(given.get("seconds", 0))
        return {"now": time_travel.advance_customer(book, customer, until), "was": start}


def _rules(account: Account, _gateway: Gateway, given: dict[str, Any], _request: Request) -> dict[str, Any]:
    """Set the rules of dunning: `retry_after_days`, `after_last_retry` ("cancel" or "unpaid")."""
    if given:
        account.rules = type(account.rules)(
            tuple(int(each) for each in given.get("retry_after_days", account.rules.retry_after_days)),
            given.get("after_last_retry", account.rules.after_last_retry),
        )
    return {
        "retry_after_days": list(account.rules.retry_after_days),
        "after_last_retry": account.rules.after_last_retry,
    }


def _log(_account: Account, gateway: Gateway, _given: dict[str, Any], _request: Request) -> dict[str, Any]:
    return {"requests": list(gateway.log), "at": int(now_seconds())}


ROUTES = [
    Route("/_control/faults", _guarded(_add_fault), methods=["POST"]),
    Route("/_control/faults", _guarded(_clear_faults), methods=["DELETE"]),
    Route("/_control/webhooks", _guarded(_webhooks), methods=["GET", "POST"]),
    Route("/_control/resend", _guarded(_resend), methods=["POST"]),
    Route("/_control/customers/{customer}/advance", _guarded(_advance), methods=["POST"]),
    Route("/_control/rules", _guarded(_rules), methods=["GET", "POST"]),
    Route("/_control/requests", _guarded(_log), methods=["GET"]),
]
