"""Putting the taking over of wallets in line."""
