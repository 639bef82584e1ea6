"""The database's schema, one revision a file; `store.migrate` brings a database up to the newest."""
