"""How Alembic runs the migrations: on the connection, and in the transaction, that it is given."""

from alembic import context

from core.cases.schema import Base


def run() -> None:
    """Run them, all in one transaction: a kill in the middle leaves the schema as it was."""
    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=Base.metadata,
        transactional_ddl=True,
    )
    context.run_migrations()


if __name__ == "env_py":  # what Alembic calls this file when it runs it
    run()
