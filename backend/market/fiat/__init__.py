"""Other currencies than the dollar: the European Central Bank's reference rates, day by day."""
