"""Tax reports: a year under a place's rules, made by a job, kept in versions, explained down to the lot."""
