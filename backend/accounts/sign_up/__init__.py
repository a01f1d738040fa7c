"""Signing up with e-mail and password, without telling anybody who has an account."""
