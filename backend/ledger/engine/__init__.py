"""Pure: events in, lots and disposals out."""
