"""Official forms that a user gave, or that were downloaded: checked, kept, handed to reports."""
