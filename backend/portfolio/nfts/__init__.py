"""NFTs of a portfolio: found in the chain's logs, counted at the snapshot's block, valued by the collection's floor."""
