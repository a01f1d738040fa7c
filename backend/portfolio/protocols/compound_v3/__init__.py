"""Compound III (Comet): supplied, borrowed, collateral."""
