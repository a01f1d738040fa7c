"""Tax forms: official PDFs filled in, schedules, files for other programs, the audit archive. Pure."""
