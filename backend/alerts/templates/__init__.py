"""Rules that are written already but for a few blanks."""
