"""What looks after the running line: the alarms, and those who raise them."""
