"""Lido: stETH and wstETH."""
