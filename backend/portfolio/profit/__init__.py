"""What a portfolio cost and made: profit and loss by asset, flows between snapshots, and what alerts hear of both."""
