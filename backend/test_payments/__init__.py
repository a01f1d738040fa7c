"""Test payments: a local server that speaks Stripe's protocol, so that the product runs without a Stripe account.

It is a process of its own. The product knows it only as an address (`STRIPE_API_URL`): nothing imports this package but
what starts it (`backend.embedded`) and tests. `engine/` decides about money, dates and cards (pure), `book/` holds
the account and what happens to it, `wire/` is Stripe's form of requests and answers, `api/` its endpoints, `pages/` the
hosted pages, `server.py` the process.
"""
