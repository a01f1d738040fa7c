"""Tax transactions one by one: listing, opening, editing, and writing them by hand."""
