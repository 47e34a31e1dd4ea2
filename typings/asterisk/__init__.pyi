# pyst2 0.5.1 ships no types; these say what siaga112 uses of it, and no more.
