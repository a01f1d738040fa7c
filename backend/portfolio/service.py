"""Portfolios: the one door for the pages. Snapshots, wallets and tokens have services of their own beside it."""

from backend.portfolio.allocation import REST, SORTS, Part, Way, allocation, asset_key, find_assets, unknown_of
from backend.portfolio.liquidity.losses import dashboard as losses_of
from backend.portfolio.overview import AverageCosts, asset_list, chain_reads, cost_of, portfolio_read, share_pct
from backend.portfolio.past_worths import complete_worths
from backend.portfolio.position_history import position_history
from backend.portfolio.position_list import explained_tokens, position_list
from backend.portfolio.refresh import ask_refresh
from backend.portfolio.snapshots.history import Range
from backend.portfolio.snapshots.records import EXACT, OTHER, AssetPart, ChainPart, Snapshot
from backend.portfolio.snapshots.service import History, history, latest, latest_and_day_before
from backend.portfolio.vouched import TokenNames, token_names, vouched_assets, wallet_names, wallets_read

__all__ = [
    "EXACT",
    "OTHER",
    "REST",
    "SORTS",
    "AssetPart",
    "AverageCosts",
    "ChainPart",
    "History",
    "Part",
    "Range",
    "Snapshot",
    "TokenNames",
    "Way",
    "allocation",
    "ask_refresh",
    "asset_key",
    "asset_list",
    "chain_reads",
    "complete_worths",
    "cost_of",
    "explained_tokens",
    "find_assets",
    "history",
    "latest",
    "latest_and_day_before",
    "losses_of",
    "portfolio_read",
    "position_history",
    "position_list",
    "share_pct",
    "token_names",
    "unknown_of",
    "vouched_assets",
    "wallet_names",
    "wallets_read",
]
