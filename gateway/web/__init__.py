"""The gateway's web side."""
