"""One script a revision of the schema, in order."""
