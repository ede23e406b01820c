"""Where the feedback of a mail goes: the one model of SES's precedence rules.

SES applies the most specific verified identity alone (developer guide, creating
identities): an address before its domain, a sub-domain before the domain above it.
A mail's configuration set is the one it names, otherwise its identity's default.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from components.events import Event


@dataclass(frozen=True)
class Identity:
    """What decides on the feedback of mail from one domain or address."""

    key: str
    """Our name of it."""
    sender: str
    """The domain in lower case, or the address as written."""
    routes: Mapping[Event, str]
    """The channel of each event that has one."""
    configuration_set: str | None = None
    """The set of mails that name none."""


class Reach(NamedTuple):
    """A channel that hears of an event, and the way by which it does."""

    channel: str
    way: str
    """`identity KEY` or `configuration set NAME`."""

    def __str__(self) -> str:
        return f"{self.channel} ({self.way})"


class Publishers(NamedTuple):
    """Who publishes to a channel: senders of identities, and names of sets."""

    senders: tuple[str, ...]
    configuration_sets: tuple[str, ...]


def candidates(sender: str) -> Iterator[str]:
    """The identities that may cover a sender, most specific first, in canonical form.

    An address is tried as it is, then without its `+label` (which of the two SES
    applies to a labelled sender is undocumented), then its domain and those above.
    """
    local, at, domain = sender.rpartition("@")
    if at:
        yield sender
        unlabelled, plus, _ = local.partition("+")
        if plus and unlabelled:
            yield f"{unlabelled}@{domain}"
    labels = domain.lower().split(".")
    for start in range(len(labels) - 1):
        yield ".".join(labels[start:])


class Routing:
    """The routes of a stack's identities and configuration sets."""

    def __init__(
        self,
        identities: list[Identity],
        configuration_sets: Mapping[str, Mapping[str, tuple[Event, ...]]],
    ) -> None:
        """`configuration_sets` has for each set the events that each channel hears."""
        self._identities = {identity.sender: identity for identity in identities}
        self._sets = configuration_sets

    def covering(self, sender: str) -> Identity | None:
        """The identity whose settings SES applies to mail from this address."""
        return self._first(candidates(sender))

    def wider(self, sender: str) -> Identity | None:
        """The identity that would cover mail of this one, were it not verified."""
        return self._first(each for each in candidates(sender) if each != sender)

    def _first(self, senders: Iterable[str]) -> Identity | None:
        found = (self._identities.get(sender) for sender in senders)
        return next((identity for identity in found if identity is not None), None)

    def configuration_set(self, sender: str, named: str | None = None) -> str | None:
        """The set that a mail takes: the one it names, or its identity's default.

        Whether an address without a default set falls back to its domain's is not
        documented; no fall-back is assumed.
        """
        if named is not None:
            return named
        identity = self.covering(sender)
        return identity.configuration_set if identity else None

    def reach(
        self, sender: str, configuration_set: str | None = None
    ) -> dict[Event, tuple[Reach, ...]]:
        """Who hears of each event of a mail from this sender that names this set."""
        identity = self.covering(sender)
        taken = self.configuration_set(sender, configuration_set)
        return {event: tuple(self._reached(event, identity, taken)) for event in Event}

    def _reached(
        self, event: Event, identity: Identity | None, configuration_set: str | None
    ) -> Iterator[Reach]:
        if identity is not None and event in identity.routes:
            yield Reach(identity.routes[event], f"identity {identity.key}")
        if configuration_set is not None:
            for channel, events in self._sets.get(configuration_set, {}).items():
                if event in events:
                    yield Reach(channel, f"configuration set {configuration_set}")

    def table(self) -> dict[str, dict[str, list[str]]]:
        """For each identity, who hears of each event of mail that names no set."""
        return {
            identity.key: {
                event.value: [str(reach) for reach in reached]
                for event, reached in self.reach(identity.sender).items()
            }
            for identity in self._identities.values()
        }

    def publishers(self, channel: str) -> Publishers:
        """The exact identities and sets that a channel's topic must admit."""
        return self._publishers.get(channel, Publishers((), ()))

    @cached_property
    def _publishers(self) -> dict[str, Publishers]:
        senders: dict[str, list[str]] = {}
        sets: dict[str, list[str]] = {}
        for identity in self._identities.values():
            for channel in dict.fromkeys(identity.routes.values()):
                senders.setdefault(channel, []).append(identity.sender)
        for name, told in self._sets.items():
            for channel, events in told.items():
                if events:
                    sets.setdefault(channel, []).append(name)
        return {
            channel: Publishers(
                tuple(sorted(senders.get(channel, ()))),
                tuple(sorted(sets.get(channel, ()))),
            )
            for channel in senders.keys() | sets.keys()
        }
