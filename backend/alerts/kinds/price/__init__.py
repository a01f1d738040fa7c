"""Price rules: a token's price that crosses a target, or changes by so much in a window."""

from backend.alerts.kinds.price.kind import PriceKind

KIND = PriceKind()
