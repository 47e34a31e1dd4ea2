"""Alembic's environment: it runs on the connection, and in the transaction, that it is given."""

from alembic import context

from ticketing.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    render_as_batch=True,  # SQLite alters little: a batch copies the table
)
with context.begin_transaction():
    context.run_migrations()
