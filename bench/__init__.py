"""SIPp as a town, and the measure of the line."""
