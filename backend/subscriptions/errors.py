"""What may go wrong with payments, in words for the user."""

from backend.core.errors import ConflictError, PremiumError, UnavailableError


class PaymentsUnavailableError(UnavailableError):
    """Stripe does not answer, or not as agreed; nothing of ours was changed."""

    def __init__(
        self, message: str = "Payments cannot be reached right now. Nothing was charged; try again in a minute."
    ) -> None:
        super().__init__(message)


class UncertainChangeError(UnavailableError):
    """A change was sent and no answer came, so whether it was made is found out by fetching."""

    def __init__(self) -> None:
        super().__init__(
            "No answer came from the payment provider. Settings → Billing shows within a minute whether the change was "
            "made; please look there before you try again."
        )


class PaymentDeclinedError(ConflictError):
    """The card was refused; the plan stays as it is."""

    code = "PAYMENT_DECLINED"


class SubscriptionExistsError(ConflictError):
    """There is a live subscription already."""

    code = "SUBSCRIPTION_EXISTS"


class NoSubscriptionError(ConflictError):
    """There is no live subscription to change."""

    code = "NO_SUBSCRIPTION"


class PreviewExpiredError(ConflictError):
    """The amounts that were shown are too old to be charged."""

    code = "PREVIEW_EXPIRED"


class MissingAtStripeError(PremiumError):
    """Stripe has no such object (any more)."""

    status_code = 404
    code = "NOT_FOUND"


class BadSignatureError(PremiumError):
    """A webhook was not signed by Stripe, or too long ago."""

    status_code = 400
    code = "BAD_SIGNATURE"
