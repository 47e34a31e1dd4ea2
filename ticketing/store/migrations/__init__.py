"""Alembic's scripts; `ticketing.store.migrate` runs them."""
