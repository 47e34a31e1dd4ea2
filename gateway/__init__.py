"""Telephony and web around the city's rules."""
