"""What looks after the running line, and raises its alarms."""
