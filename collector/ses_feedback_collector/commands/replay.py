"""`ses-feedback-collector replay`: feedback that was kept somewhere, read back in."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ses_feedback_collector.commands import options
from ses_feedback_collector.replay.sources import (
    STANDARD_INPUT,
    Bucket,
    Failed,
    Local,
    Source,
    source,
)

if TYPE_CHECKING:
    from rich.progress import Progress
    from sqlalchemy import Engine

    from ses_feedback_collector.replay.rejects import Rejects
    from ses_feedback_collector.replay.replaying import Replay, Tally

FAILED, SOME_UNREADABLE = 1, 3
"""Exit codes: something could not be read to its end; all was read, but for lines or
messages that were told of."""


def _sources(
    context: click.Context, parameter: click.Parameter, values: Sequence[str]
) -> list[Source]:
    try:
        found = [source(value) for value in values]
    except ValueError as error:
        raise click.BadParameter(str(error), context, parameter) from None
    if found.count(Local(STANDARD_INPUT)) > 1:
        raise click.BadParameter(
            "standard input (-) can be read only once.", context, parameter
        )
    return found


@click.command()
@click.argument(
    "sources", nargs=-1, required=True, metavar="SOURCE...", callback=_sources
)
@options.database
@click.option("--again", is_flag=True, help="Also read what was replayed before.")
@click.option(
    "--rejects",
    "rejects_path",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Add the lines that cannot be read to this file, whole.",
)
@click.option("--json", "as_json", is_flag=True, help="The result for programs.")
def replay(
    sources: list[Source],
    database_url: str,
    again: bool,
    rejects_path: Path | None,
    as_json: bool,
) -> None:
    """Read feedback back in from where it was kept. Nothing is stored twice.

    A SOURCE is one of

    \b
    FILE or FOLDER      one JSON event a line, plain or gzip; folders with all below
                        them, but for names that begin with a dot
    -                   the same from standard input
    s3://BUCKET/PREFIX  the event log, with Firehose's records below errors/
    a queue's URL or    a dead-letter queue: what can be stored leaves it, what still
    arn:aws:sqs:...     cannot be read stays

    A second run goes on behind what was stored, and skips what was replayed to its end
    and has not changed; from the first line on that could not be read, it reads again.
    Standard input is always read whole.

    Exit code: 0 all was stored, 3 all but lines or messages that cannot be read, 1
    something could not be read to its end, 130 stopped by Ctrl-C.

    \b
    Examples: ses-feedback-collector replay s3://event-log/events/day=2026-05-04/
              zcat old.gz | ses-feedback-collector replay - --rejects bad.jsonl
    """
    from ses_feedback_collector.database import Away, BadDatabase, migrate
    from ses_feedback_collector.replay.interruption import Interrupted, Interruption
    from ses_feedback_collector.replay.replaying import Replay

    _refuse_own_input(sources, rejects_path)
    engine = options.opened(database_url)
    code = 0
    with ExitStack() as open_things:
        open_things.callback(engine.dispose)
        interruption = open_things.enter_context(Interruption())
        shown = _Shown()
        rejects = _rejects(rejects_path, open_things)
        replaying = Replay(
            engine,
            report=shown.say,
            at=shown.at,
            rejects=rejects,
            again=again,
            held=interruption.held,
        )
        try:
            migrate(engine)
            try:
                _replay(sources, replaying, shown, _own_files(engine))
            except Interrupted as interrupted:
                code = interrupted.exit_code
                with suppress(Interrupted):
                    replaying.flush()
        except Interrupted as interrupted:
            code = interrupted.exit_code
        except (Away, BadDatabase, OSError) as error:
            code = FAILED
            shown.say(_sentence(error))
        tally = replaying.tally
        _tell(tally, shown, rejects is not None)
        if code > FAILED or (code and tally.read):
            shown.say(_how_to_go_on(sources, again))
    click.echo(_as_json(tally) if as_json else _in_words(tally))
    raise SystemExit(
        code
        or (FAILED if tally.failures else SOME_UNREADABLE if tally.unreadable else 0)
    )


def _refuse_own_input(sources: list[Source], rejects: Path | None) -> None:
    """What cannot be read would be read again, and added again."""
    if rejects is None:
        return
    where = rejects.resolve()
    for one in sources:
        if isinstance(one, Local) and one.path != STANDARD_INPUT:
            path = Path(one.path).resolve()
            if where == path or path in where.parents:
                raise click.UsageError(
                    f"--rejects {rejects} is part of the source {one.path}; name a file"
                    " elsewhere."
                )


def _rejects(path: Path | None, open_things: ExitStack) -> "Rejects | None":
    from ses_feedback_collector.replay.rejects import Rejects

    if path is None:
        return None
    try:
        return open_things.enter_context(Rejects(path))
    except OSError as error:
        options.stop(f"--rejects {path}: {error.strerror or error}.")


def _replay(
    sources: list[Source], replaying: "Replay", shown: "_Shown", own: frozenset[Path]
) -> None:
    for one in sources:
        try:
            _replay_one(one, replaying, shown, own)
        except Failed as failed:
            replaying.fail(failed)


def _replay_one(
    one: Source, replaying: "Replay", shown: "_Shown", own: frozenset[Path]
) -> None:
    from ses_feedback_collector.replay import dead_letters, event_log, files

    if isinstance(one, Local):
        local = files.Files(one.path, own)
        with shown.progress(one.path, local.size):
            replaying.read_parts(local)
    elif isinstance(one, Bucket):
        log = event_log.EventLog(one, event_log.connect())
        with shown.progress(f"s3://{one.name}/{one.prefix}", log.size):
            replaying.read_parts(log)
    else:
        queue = dead_letters.DeadLetters(dead_letters.opened(one))
        with shown.progress(queue.name, queue.size, unit="messages"):
            replaying.empty_queue(queue)


def _own_files(engine: "Engine") -> frozenset[Path]:
    """Of SQLite, which may lie in a folder that is read."""
    if engine.dialect.name != "sqlite" or not engine.url.database:
        return frozenset()
    path = Path(engine.url.database).resolve()
    endings = ("", "-wal", "-shm", "-journal")
    return frozenset(path.with_name(path.name + ending) for ending in endings)


class _Shown:
    """What a person sees on standard error: sentences, and a bar on a terminal."""

    def __init__(self) -> None:
        self._progress: Progress | None = None
        self._at: Callable[[int], None] | None = None

    def say(self, sentence: str) -> None:
        if self._progress:
            self._progress.console.print(
                sentence, markup=False, highlight=False, soft_wrap=True
            )
        else:
            click.echo(sentence, err=True)

    def at(self, done: int) -> None:
        """Bytes or messages of the source that is shown."""
        if self._at:
            self._at(done)

    @contextmanager
    def progress(
        self, name: str, size: Callable[[], int | None], unit: str = "bytes"
    ) -> Iterator[None]:
        """A bar while one source is read; nothing in a pipe, and no size is asked."""
        from rich import progress as bars
        from rich.console import Console
        from rich.markup import escape

        console = Console(stderr=True)
        if not console.is_terminal:
            yield
            return
        amount = (
            bars.DownloadColumn()
            if unit == "bytes"
            else bars.MofNCompleteColumn(separator=" of about ")
        )
        total = None
        with suppress(Failed):
            total = size()
        with bars.Progress(
            bars.TextColumn(escape(name)),
            bars.BarColumn(),
            amount,
            bars.TimeRemainingColumn(),
            console=console,
        ) as self._progress:
            task = self._progress.add_task("", total=total)
            known = self._progress
            self._at = lambda done: known.update(task, completed=done)
            try:
                yield
            finally:
                self._progress = self._at = None


def _tell(tally: "Tally", shown: _Shown, kept: bool) -> None:
    """What somebody may have to do something about."""
    for queue, reasons in tally.staying.items():
        if count := reasons.total():
            several = "; ".join(
                f"{times} x {why}" for why, times in reasons.most_common()
            )
            shown.say(f"{count} messages stay in {queue}: {several}.")
    for queue, count in tally.in_other_hands.items():
        shown.say(
            f"About {count} more messages are in {queue}, in other hands: a consumer's,"
            " or those of a run that was broken off. Run this again when the queue's"
            " visibility time-out is over."
        )
    lines = tally.unreadable - sum(one.total() for one in tally.staying.values())
    if lines and not kept:
        shown.say(
            "The next run reads and tells of these lines again; --rejects FILE keeps"
            " them in a file."
        )
    if tally.skipped:
        shown.say(
            f"{tally.skipped} skipped that were replayed before and have not changed;"
            " --again reads them too."
        )


def _how_to_go_on(sources: list[Source], again: bool) -> str:
    text = "Stopped. What was read is stored; the same command"
    text += " without --again goes on from there." if again else " goes on from there."
    if Local(STANDARD_INPUT) in sources:
        text += " Standard input has to be given from its beginning."
    return text


def _sentence(error: Exception) -> str:
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        return f"--rejects: {where}{error.strerror or error}."
    return f"--database: {error}."


def _in_words(tally: "Tally") -> str:
    parts = [
        f"{tally.stored} rows stored",
        f"{tally.already_there} already there",
        f"{tally.notices} notices",
        f"{tally.unreadable} unreadable",
    ]
    if tally.failures:
        parts.append(f"{tally.failures} failures")
    return f"Read {tally.read} messages: {', '.join(parts)}."


def _as_json(tally: "Tally") -> str:
    return json.dumps(
        {
            "read": tally.read,
            "stored": tally.stored,
            "alreadyThere": tally.already_there,
            "notices": tally.notices,
            "unreadable": tally.unreadable,
            "skipped": tally.skipped,
            "failures": tally.failures,
            "deleted": tally.deleted,
            "staying": tally.staying,
            "inOtherHands": tally.in_other_hands,
        }
    )
