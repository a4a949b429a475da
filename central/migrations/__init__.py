"""The database's migrations, the same on SQLite and PostgreSQL."""
