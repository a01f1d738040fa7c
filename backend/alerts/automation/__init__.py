"""If-then-else: what a rule does when it fires, beside telling; and the log of all of it."""
