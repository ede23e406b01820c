"""Stand-ins for the encrypted values of a stack file, which stay encrypted here."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from components.account import Account
from components.settings import NAMESPACE, Settings, StackFile

SECRETS = f"{NAMESPACE}:secretEndpoints"


def with_stand_ins(
    file: StackFile, settings: Settings, account: Account
) -> tuple[StackFile, tuple[str, ...]]:
    """The stack file with a local endpoint for each encrypted one, and what was
    replaced, a line each."""
    values = file.config.get(SECRETS)
    if not isinstance(values, dict):
        return file, ()
    replaced = {
        name: stand_in(_protocol(name, settings), name, account, number)
        for number, (name, value) in enumerate(values.items())
        if isinstance(value, dict) and "secure" in value
    }
    if not replaced:
        return file, ()
    config = {**file.config, SECRETS: {**values, **replaced}}
    notes = tuple(
        f"{SECRETS}.{name}: encrypted; {endpoint} stands in for it"
        for name, endpoint in replaced.items()
    )
    return replace(file, config=config), notes


def secret_keys(config: Mapping[str, Any]) -> tuple[str, ...]:
    """The keys of a stack file that hold something encrypted, as Pulumi counts them."""
    return tuple(key for key, value in config.items() if _has_secure(value))


def _has_secure(value: Any) -> bool:
    if isinstance(value, dict):
        return "secure" in value or any(map(_has_secure, value.values()))
    return isinstance(value, list) and any(map(_has_secure, value))


def _protocol(name: str, settings: Settings) -> str:
    """The protocol by which the endpoint is used; https where nothing uses it."""
    return next(_uses(name, settings), "https")


def _uses(name: str, settings: Settings) -> Iterator[str]:
    for channel in settings.channels.values():
        for subscription in channel.subscriptions.values():
            if subscription.secret_endpoint == name:
                yield subscription.protocol.value


def stand_in(protocol: str, name: str, account: Account, number: int = 0) -> str:
    """An endpoint that fits the protocol and belongs to nobody; `number` tells apart
    those that cannot bear a name."""

    def arn(service: str, resource: str) -> str:
        where = f"{account.region}:{account.id}"
        return f"arn:{account.partition}:{service}:{where}:{resource}"

    match protocol:
        case "email" | "email-json":
            return f"{name}@example.invalid"
        case "sms":
            return f"+1555555{100 + number:04}"
        case "lambda":
            return arn("lambda", f"function:{name}")
        case "application":
            return arn("sns", f"endpoint/GCM/{name}/{name}")
        case "sqs":
            return arn("sqs", name)
        case "firehose":
            return arn("firehose", f"deliverystream/{name}")
        case _:
            return f"{protocol}://localhost/{name}"
