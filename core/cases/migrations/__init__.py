"""Alembic's migrations of the worklist's database."""
