"""The city's rules: calls, tickets, clocks. Knows no telephone, no web, and no clock of its own."""
