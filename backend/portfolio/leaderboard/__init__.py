"""The leaderboard: who joined, by returns in percent, under a name of their choice and nothing else."""
