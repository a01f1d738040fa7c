"""From pool states to prices in US dollars. Pure: no I/O, no clock, no settings."""
