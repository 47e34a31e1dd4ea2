"""A town that calls: the whole line, alive on one machine, with nobody real in it."""
