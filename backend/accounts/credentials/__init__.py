"""The password of an account: setting, changing and resetting it."""
