"""The alert engine: rules as points on a line per key, events as intervals. Pure: no I/O, no clock, no settings."""
