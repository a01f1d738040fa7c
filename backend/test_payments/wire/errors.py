"""Errors as Stripe answers them: a status, a type, and where there are some a code and the parameter."""

from typing import Any


class StripeError(Exception):
    """An answer that is an error. `keeps` says that what the request changed stays (a declined payment is recorded)."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        decline_code: str | None = None,
        keeps: bool = False,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.kind = kind
        self.code = code
        self.param = param
        self.decline_code = decline_code
        self.keeps = keeps

    def body(self, request_id: str) -> dict[str, Any]:
        """Return the JSON body of the answer."""
        error: dict[str, Any] = {"message": self.message, "type": self.kind}
        if self.code is not None:
            error["code"] = self.code
            error["doc_url"] = f"https://stripe.com/docs/error-codes/{self.code.replace('_', '-')}"
        if self.decline_code is not None:
            error["decline_code"] = self.decline_code
        if self.param is not None:
            error["param"] = self.param
        error["request_log_url"] = f"https://dashboard.stripe.com/test/logs/{request_id}"
        return {"error": error}


def missing(param: str) -> StripeError:
    """Return the error for a required parameter that is not there."""
    return StripeError(f"Missing required param: {param}.", code="parameter_missing", param=param)


def unknown(param: str) -> StripeError:
    """Return the error for a parameter this server does not take."""
    return StripeError(f"Received unknown parameter: {param}", code="parameter_unknown", param=param)


def not_found(kind: str, object_id: str, param: str, *, in_path: bool = False) -> StripeError:
    """Return the error for an id that nobody has: 404 when it stands in the path, else 400."""
    return StripeError(
        f"No such {kind}: '{object_id}'", status=404 if in_path else 400, code="resource_missing", param=param
    )


def declined(decline_code: str, message: str, code: str) -> StripeError:
    """Return the error for a card that was declined (what led to it is kept)."""
    return StripeError(
        message, status=402, kind="card_error", code=code, decline_code=decline_code, param="", keeps=True
    )
