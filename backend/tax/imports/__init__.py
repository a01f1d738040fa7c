"""Files of transactions: uploaded, looked at line by line, corrected, imported as a whole, and undone."""
