"""Pure: what is held and what it was worth in, figures out. One figure a file; docs/metrics.md lists them all.

Money is `Decimal` and exact; statistics of returns are floats. What is unknown stays unknown: None, or named.
"""
