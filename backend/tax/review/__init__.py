"""What of a tax book is not settled, and how a user settles it: issues, edits, and rules for many transactions."""
