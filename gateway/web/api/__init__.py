"""The HTTP API: one table of calls, what they take and answer, the live feed."""
