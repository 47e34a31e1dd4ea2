"""Telephones that the line rings: SKPDs, takers, callers called back."""
