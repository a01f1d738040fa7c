"""Signing in with an account at Google (OpenID Connect) or GitHub (OAuth 2.0), through Authlib."""
