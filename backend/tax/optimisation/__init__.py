"""What could be done about a tax year: methods, losses to harvest, days until long term, a sale thought of."""
