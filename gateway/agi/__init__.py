"""What Asterisk asks while a call is set up: a server of its own, its scripts, what they know beforehand."""
