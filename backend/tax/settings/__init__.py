"""What users choose for their taxes: place, currency, methods, treatments."""
