"""Following a chain: heads, blocks in order, reorganisations, and the stream of events. See docs/chain.md."""
