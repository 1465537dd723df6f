"""What the records mean to a nurse: rules, schedules, the entry checks and the thirty-second handover. No bytes, no keys."""
