"""Contracts of the StakingRewards kind: what is staked, and the reward that waits."""
