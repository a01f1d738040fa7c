"""What the clock does to rules: schedules that are due, and rules that expire."""
