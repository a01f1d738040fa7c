"""Exports: what a portfolio holds, was worth, how it did and what happened in it, as CSV, JSON or PDF."""
