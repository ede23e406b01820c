"""What Alembic runs to migrate: on the connection of `database.migrate`, in its
transaction."""

from alembic import context

from ses_feedback_collector.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=context.config.attributes["version_table"],
)
context.run_migrations()
