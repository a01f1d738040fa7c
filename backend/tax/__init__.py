"""Taxes: what a history of events comes to under the rules of a place."""
