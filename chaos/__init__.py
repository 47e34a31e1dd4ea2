"""Faults at random under real calls, and a verdict by what SIPp and Asterisk wrote down: see `chaos.__main__`."""
