"""What arrives is what `components.routing` says; what is wrong declares nothing.

The sandbox does not know that module: it applies what the program declares, and goes
by the emulator's state. So the two are held against each other here.
"""

import gzip
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pulumi
import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, Phase, given, reject
from hypothesis import settings as budget

from components import routing
from components.events import Event
from components.routing import Routing
from components.settings import Refused, Settings, StackFile
from sandbox.program import run
from sandbox.stack import AppliedStack, applied
from tests.emulated import bodies, objects
from tests.engine import ACCOUNT, Engine
from tests.generated import COMBINING, SHADOWING, Case, Letter, Rule, cases, mutated
from tests.snippets import handed_over, write
from tests.stacks import FILES, PROJECT, ROOT

EXAMPLES = 24
"""Configurations for each rule."""

HAPPENS = {
    "bounce": (Event.SEND, Event.BOUNCE),
    "suppressionlist": (Event.SEND, Event.BOUNCE),
    "complaint": (Event.SEND, Event.DELIVERY, Event.COMPLAINT),
    "ooto": (Event.SEND, Event.DELIVERY, Event.BOUNCE),
    "success": (Event.SEND, Event.DELIVERY),
}
"""What comes of a mail to each mailbox of SES's simulator."""


EVENT_LOG = "the event log"
"""In place of a queue."""


class Arrival(NamedTuple):
    """An event of a mail that was received from a queue, or kept in the event log."""

    letter: int
    """Which of the mails."""
    event: str
    queue: str
    channel: str | None
    """None where the queue is raw: nothing in the message says it; and in the event
    log."""
    way: str
    """`identity KEY` or `configuration set NAME`"""


Arrivals = Counter[Arrival | tuple[int, str]]
"""What arrived, and `(letter, "refused")` for each mail that SES does not take."""


class _AsRoutingSays(AssertionError):
    """The property does not hold."""


def expected(case: Case, table: Routing) -> Arrivals:
    """What should arrive, by the model and by who listens to which channel."""
    found: Arrivals = Counter()
    queues: Mapping[str, Any] = case.keys["queues"]
    for number, letter in enumerate(case.letters):
        if table.covering(letter.sender) is None:
            found[number, "refused"] += 1
            continue
        reached = table.reach(letter.sender, letter.named)
        applies = table.configuration_set(letter.sender, letter.named)
        kept = case.keys["configurationSets"][applies]["eventLog"] if applies else ()
        for event in HAPPENS[letter.mailbox]:
            if event.value in kept:
                way = f"configuration set {applies}"
                found[Arrival(number, event.value, EVENT_LOG, None, way)] += 1
            for channel, way in reached[event]:
                for name, queue in queues.items():
                    if channel in queue.get("channels", case.keys["channels"]):
                        shown = None if queue.get("raw") else channel
                        found[Arrival(number, event.value, name, shown, way)] += 1
    return found


def arrived(case: Case, stack: AppliedStack) -> Arrivals:
    """What is received from the queues after the mail was sent."""
    sent = [_send(stack, letter) for letter in case.letters]
    numbers = {message_id: number for number, message_id in enumerate(sent)}
    found: Arrivals = Counter(
        (number, "refused") for number, message_id in enumerate(sent) if not message_id
    )
    for queue, url in stack.outputs["queueUrls"].items():
        raw = case.keys["queues"][queue].get("raw", False)
        for message, channel in _events(stack, url, raw):
            kind = message.get("notificationType") or message["eventType"]
            number = numbers[message["mail"]["messageId"]]
            way = _way(message, case, stack)
            found[Arrival(number, kind.lower(), queue, channel, way)] += 1
    for body in objects(stack.cloud, stack.outputs["eventLogBucket"]).values():
        message = json.loads(gzip.decompress(body))
        number = numbers[message["mail"]["messageId"]]
        kind, way = message["eventType"].lower(), _way(message, case, stack)
        found[Arrival(number, kind, EVENT_LOG, None, way)] += 1
    return found


def _send(stack: AppliedStack, letter: Letter) -> str | None:
    """Sends a mail; its id, or None where SES does not take it."""
    names = stack.outputs["configurationSetNames"]
    name = names[letter.named] if letter.named else None
    field = {"ConfigurationSetName": name} if name and not letter.by_header else {}
    header = f"X-SES-CONFIGURATION-SET: {name}\n" if name and letter.by_header else ""
    text = f"From: {letter.sender}\nSubject: Your order\n{header}\nOn its way.\n"
    try:
        answer = stack.cloud.client("sesv2").send_email(
            FromEmailAddress=letter.sender,
            Destination={"ToAddresses": [f"{letter.mailbox}@simulator.amazonses.com"]},
            Content={"Raw": {"Data": text.encode()}},
            **field,
        )
    except ClientError as error:
        assert error.response["Error"]["Code"] == "MessageRejected"
        return None
    return str(answer["MessageId"])


def _events(
    stack: AppliedStack, url: str, raw: bool
) -> Iterator[tuple[dict[str, Any], str | None]]:
    """SES's events in a queue, each with its channel; not what it says of a set-up."""
    channels = {arn: name for name, arn in stack.outputs["topicArns"].items()}
    for body in bodies(stack.cloud, url):
        envelope = {"Message": body} if raw else json.loads(body)
        text = envelope["Message"]
        if not text.startswith("{"):
            continue
        message = json.loads(text)
        if message.get("notificationType") != "AmazonSnsSubscriptionSucceeded":
            yield message, None if raw else channels[envelope["TopicArn"]]


def _way(message: Mapping[str, Any], case: Case, stack: AppliedStack) -> str:
    """By what an event came, as the message itself says."""
    mail = message["mail"]
    if "eventType" in message:
        (name,) = mail["tags"]["ses:configuration-set"]
        names = stack.outputs["configurationSetNames"]
        ours = {physical: ours for ours, physical in names.items()}
        return f"configuration set {ours[name]}"
    sender = mail["sourceArn"].partition(":identity/")[2]
    (key,) = [
        key
        for key, identity in case.keys["identities"].items()
        if sender in (identity["sender"], _without_case(identity["sender"]))
    ]
    return f"identity {key}"


def _without_case(sender: str) -> str:
    return sender if "@" in sender else sender.lower()


def shadows(case: Case) -> bool:
    """Whether an identity stands beside a wider one with other settings."""
    identities = list(case.keys["identities"].values())

    def settings(identity: Mapping[str, str]) -> dict[str, str]:
        return {key: value for key, value in identity.items() if key != "sender"}

    return any(
        settings(narrow) != settings(wide)
        for narrow in identities
        for wide in identities
        if narrow["sender"]
        .lower()
        .endswith((f"@{wide['sender'].lower()}", f".{wide['sender'].lower()}"))
    )


def combines(arrivals: Arrivals) -> bool:
    """Whether an event of a mail came by a route and by a set."""
    ways: dict[tuple[int, str], set[str]] = {}
    for arrival in arrivals:
        if isinstance(arrival, Arrival) and arrival.queue != EVENT_LOG:
            way = arrival.way.partition(" ")[0]
            ways.setdefault((arrival.letter, arrival.event), set()).add(way)
    return any(len(found) == 2 for found in ways.values())


class Seen(NamedTuple):
    """What a number of configurations were like."""

    configurations: int
    shadowing: int
    combining: int


def as_routing_says(rule: Rule, examples: int, *phases: Phase) -> Seen:
    """Applies the program to so many configurations that show a rule, and sends mail."""
    seen: list[tuple[bool, bool]] = []

    @budget(
        max_examples=examples,
        derandomize=True,
        deadline=None,
        phases=phases,
        suppress_health_check=list(HealthCheck),
    )
    @given(cases(rule))
    def check(case: Case) -> None:
        config = {f"ses-feedback:{key}": value for key, value in case.keys.items()}
        config["aws:region"] = "eu-west-1"
        path = ROOT / "Pulumi.generated.yaml"
        with applied(StackFile(path, PROJECT, "generated", ROOT, config)) as stack:
            found = arrived(case, stack)
            said = expected(case, stack.settings.routing)
        if found != said:
            raise _AsRoutingSays(f"lacks {said - found}, has {found - said}")
        seen.append((shadows(case), combines(found)))

    check()
    return Seen(len(seen), *map(sum, zip(*seen, strict=True)))


@pytest.mark.parametrize("rule", Rule, ids=lambda rule: rule.name.lower())
def test_what_arrives_is_what_the_routing_says(rule: Rule) -> None:
    seen = as_routing_says(rule, EXAMPLES, Phase.generate, Phase.shrink)
    assert seen.configurations >= EXAMPLES
    if rule in SHADOWING:
        assert seen.shadowing == seen.configurations
    if rule in COMBINING:
        assert seen.combining == seen.configurations


def test_the_configurations_are_many_and_of_the_kinds_that_matter() -> None:
    """Each rule has as many, and those of a kind are all of it (above)."""
    assert EXAMPLES * len(Rule) >= 200
    assert len(SHADOWING) * 5 >= len(Rule)
    assert len(COMBINING) * 5 >= len(Rule)


def _address_after_domain(sender: str) -> Iterator[str]:
    names = list(CANDIDATES(sender))
    yield from sorted(names, key=lambda name: "@" in name)


def _addresses_without_case(sender: str) -> Iterator[str]:
    yield from CANDIDATES(sender.lower())


def _domains_with_case(sender: str) -> Iterator[str]:
    yield from (name for name in CANDIDATES(sender) if name in sender)


def _widest_domain(sender: str) -> Iterator[str]:
    names = list(CANDIDATES(sender))
    yield from (name for name in names if "@" in name)
    yield from reversed([name for name in names if "@" not in name])


def _label_kept(sender: str) -> Iterator[str]:
    yield from (
        name for name in CANDIDATES(sender) if name == sender or "@" not in name
    )


def _default_before_named(
    self: Routing, sender: str, named: str | None = None
) -> str | None:
    identity = self.covering(sender)
    return (identity.configuration_set if identity else None) or named


def _default_of_the_wider(
    self: Routing, sender: str, named: str | None = None
) -> str | None:
    found = self.covering(sender), self.wider(sender)
    defaults = [each.configuration_set for each in found if each]
    return named or next((name for name in defaults if name), None)


def _routes_of_the_wider(
    self: Routing, event: Event, identity: routing.Identity | None, taken: str | None
) -> Iterator[routing.Reach]:
    if identity is not None and event not in identity.routes:
        identity = self.wider(identity.sender)
    yield from REACHED(self, event, identity, taken)


def _one_way_alone(
    self: Routing, event: Event, identity: routing.Identity | None, taken: str | None
) -> Iterator[routing.Reach]:
    found = list(REACHED(self, event, identity, taken))
    yield from [reach for reach in found if reach.way.startswith("identity")] or found


CANDIDATES = routing.candidates
REACHED = Routing._reached

BROKEN: dict[Rule, tuple[object, str, Callable[..., Any]]] = {
    Rule.ADDRESS_OVER_DOMAIN: (routing, "candidates", _address_after_domain),
    Rule.CASE_OF_ADDRESSES: (routing, "candidates", _addresses_without_case),
    Rule.CASE_OF_DOMAINS: (routing, "candidates", _domains_with_case),
    Rule.NEAREST_DOMAIN: (routing, "candidates", _widest_domain),
    Rule.LABEL: (routing, "candidates", _label_kept),
    Rule.NAMED_SET: (Routing, "configuration_set", _default_before_named),
    Rule.NO_FALL_BACK: (Routing, "configuration_set", _default_of_the_wider),
    Rule.NOT_INHERITED: (Routing, "_reached", _routes_of_the_wider),
    Rule.BOTH_WAYS: (Routing, "_reached", _one_way_alone),
}
"""Each rule, broken: what is replaced in the model, and by what."""


@pytest.mark.parametrize("rule", Rule, ids=lambda rule: rule.name.lower())
def test_a_rule_that_is_broken_is_found(
    rule: Rule, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(*BROKEN[rule])
    with pytest.raises(_AsRoutingSays):
        as_routing_says(rule, 3, Phase.generate)


@budget(
    max_examples=300,
    derandomize=True,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(mutated())
def test_whatever_is_wrong_is_refused_and_declares_nothing(
    tmp_path: Path, file: dict[str, Any]
) -> None:
    """By `check` and by the program alike, in lines of a place and a reason each."""
    path = write(tmp_path, json.dumps(file, ensure_ascii=False))
    (tmp_path / "tests").mkdir(exist_ok=True)
    (tmp_path / "tests/identities.yaml").write_text(
        FILES["full"].with_name("identities.yaml").read_text()
    )
    stack: StackFile | None = None
    try:
        stack = StackFile.read(path)
        Settings.check(stack, ACCOUNT)
    except Refused as refused:
        _is_readable(refused.lines)
    else:
        reject()
    if stack is None or not all(":" in key for key in stack.config):
        return  # Pulumi itself takes no such file.
    engine = Engine()
    with pytest.raises(pulumi.RunError) as raised:
        run(handed_over(path), engine)
    _is_readable(str(raised.value).split("\n"))
    assert engine.urns == []


def _is_readable(lines: Sequence[str]) -> None:
    assert lines
    for line in lines:
        assert ": found " in line
        assert ", expected " in line
        assert line.isprintable()
        assert "u:pw" not in line
