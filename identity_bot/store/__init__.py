"""The database: its schema, and the transactions that read and write it."""
