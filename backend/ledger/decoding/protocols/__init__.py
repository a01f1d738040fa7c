"""The protocols: a folder each with a `decoder.py`, found by `backend.ledger.decoding.registry`."""
