"""What a report is on paper: official forms, tables, files for other programs. Pure."""
