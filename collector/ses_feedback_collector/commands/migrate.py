"""`ses-feedback-collector migrate`: the tables, made or brought up to date."""

import json

import click

from ses_feedback_collector.commands import options


@click.command()
@options.database
@options.as_json
def migrate(database_url: str, as_json: bool) -> None:
    """Make the tables, or bring them up to date.

    `run` and `replay` do so themselves when they start. By itself it is for a database
    whose tables another user makes than the one who fills them.

    \b
    Example: ses-feedback-collector migrate --database sqlite:///feedback.db
    """
    from ses_feedback_collector.database import Away, BadDatabase
    from ses_feedback_collector.database import migrate as migrated

    engine = options.opened(database_url)
    try:
        changed = migrated(engine)
    except (Away, BadDatabase) as error:
        options.stop(str(error))
    finally:
        engine.dispose()
    if as_json:
        click.echo(json.dumps({"changed": changed}))
        return
    done = "brought up to date" if changed else "up to date already"
    click.echo(f"the tables are {done}")
