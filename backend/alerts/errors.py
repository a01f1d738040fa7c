"""What can go wrong with alert rules, said so that the user knows what to do."""

from backend.core.errors import ConflictError, NotFoundError


class RuleNotFoundError(NotFoundError):
    """The user has no such rule."""

    code = "RULE_NOT_FOUND"

    def __init__(self) -> None:
        super().__init__("There is no such alert rule. It may have been deleted.")


class RuleChangedError(ConflictError):
    """The rule was changed since the caller read it."""

    def __init__(self) -> None:
        super().__init__("This rule was changed meanwhile. Load it again, then make your change.")
