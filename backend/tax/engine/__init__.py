"""The engine of taxes: events and rules in, disposals, income and lots out. Pure."""
