"""Asterisk around the line: found or provided, configured, given its voice, run."""
