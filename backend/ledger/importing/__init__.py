"""Reads what happened to wallets from explorers and nodes, and writes it as events; resumable, in bounded steps."""
