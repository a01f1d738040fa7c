"""What tax years come to, without making a report."""
