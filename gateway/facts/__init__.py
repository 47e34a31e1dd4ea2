"""What was said about calls, as values: events, journal lines, numbers, headers. Pure."""
