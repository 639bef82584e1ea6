"""The database's schema, one revision a file; `database.migrate` brings a database up to the newest."""
