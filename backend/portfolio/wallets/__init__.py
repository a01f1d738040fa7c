"""The wallets of a portfolio: added by address, by ENS name or from those that sign in; watching needs no key."""
