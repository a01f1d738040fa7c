"""Refresh tokens: what a program keeps signed in with, each good once, the reuse of one ending all of its family."""
