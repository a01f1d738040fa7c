"""The end of every way of signing in: a session, or first the second factor."""
