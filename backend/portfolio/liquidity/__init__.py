"""Liquidity that users add by hand: a pool, when and at what price they entered, and what that lost against holding."""
