"""A stack in the sandbox: its file, checked, and its program, applied."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pulumi

from components.settings import Settings, StackFile
from sandbox.apply import CannotApply
from sandbox.cloud import Cloud
from sandbox.http_delivery import HttpDelivery
from sandbox.monitor import Monitor
from sandbox.program import Program, run
from sandbox.stand_ins import secret_keys, with_stand_ins
from sandbox.surroundings import account_of, boundary_notes, surround


@dataclass(frozen=True)
class AppliedStack:
    """A stack whose program has been applied."""

    cloud: Cloud
    settings: Settings
    outputs: Mapping[str, Any]
    """The stack outputs, secrets in clear."""
    warnings: tuple[str, ...]
    """What the stack file says and rarely means, a line each."""
    notes: tuple[str, ...]
    """What is not as the stack file says, a line each."""

    def outputs_in_clear(self) -> dict[str, Any]:
        """The outputs, with the secrets too that they have only encrypted to PGP keys."""
        outputs = dict(self.outputs)
        ids = outputs.get("consumerAccessKeyIds", {})
        secrets = dict(outputs.get("consumerSecretAccessKeys", {}))
        for queue, keys in ids.items():
            kept = {
                name: self.cloud.kept_secrets[key_id]
                for name, key_id in keys.items()
                if key_id in self.cloud.kept_secrets
            }
            if kept:
                secrets[queue] = {**secrets.get(queue, {}), **kept}
        return {**outputs, "consumerSecretAccessKeys": secrets} if secrets else outputs


@contextmanager
def applied(
    file: StackFile, endpoint: str | None = None, http: HttpDelivery | None = None
) -> Iterator[AppliedStack]:
    """Applies a stack's program to an account of its own, for as long as it is used.

    `endpoint` is where the account will be served, if it will be; `http` calls HTTP(S)
    endpoints then.

    Raises Refused for a configuration that is refused, and CannotApply for what the
    emulated account does not take.
    """
    if not (file.folder / "__main__.py").is_file():
        raise CannotApply(f"{file.folder}: found no __main__.py, expected the program")
    settings = Settings.check(file)
    account = account_of(settings)
    local, notes = with_stand_ins(file, settings, account)
    notes = (*boundary_notes(settings), *notes)
    local_settings = Settings.check(local, account)
    program = Program.of(
        file.project,
        file.stack,
        local.config,
        secret_keys=secret_keys(file.config),
        folder=file.folder,
    )
    with Cloud(account, endpoint, http) as cloud:
        _check_region(cloud)
        surround(cloud, local_settings)
        outputs = _apply(program, cloud)
        yield AppliedStack(cloud, local_settings, outputs, settings.warnings, notes)


def _check_region(cloud: Cloud) -> None:
    try:
        cloud.ses, cloud.sns  # noqa: B018  looking is enough
    except KeyError:
        region = cloud.account.region
        raise CannotApply(
            f"aws:region: found {region}, expected a region that the emulator has"
        ) from None


def _apply(program: Program, cloud: Cloud) -> dict[str, Any]:
    monitor = Monitor(cloud)
    try:
        return run(program, monitor)
    except Exception as error:
        if monitor.failure is not None:
            raise monitor.failure from None
        if isinstance(error, pulumi.RunError):
            raise CannotApply(str(error)) from None
        raise
