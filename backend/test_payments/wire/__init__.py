"""Stripe's form of requests, answers, errors and signatures."""
