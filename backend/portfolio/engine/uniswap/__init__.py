"""The integer arithmetic of Uniswap's contracts, to the wei: what a position holds and has earned."""
