"""The e-mail address of an account: confirming it, and changing it."""
