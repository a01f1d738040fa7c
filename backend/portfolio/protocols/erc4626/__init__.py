"""Vaults by the standard ERC-4626."""
