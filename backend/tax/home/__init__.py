"""The home of tax: a year at a glance, and what is left to do."""
