"""Asterisk's journals: read on, whole, through rotation and garbage, ahead of the writer."""
