"""Rules of the loop as a whole: what is lost, told twice, or heard by nobody."""

from collections import defaultdict
from collections.abc import Collection, Iterator

from components.events import Event
from components.routing import Routing
from components.settings.channels import Channel, Protocol
from components.settings.configuration_sets import ConfigurationSet
from components.settings.identities import NONE, Identity
from components.settings.queues import Queue
from components.settings.refusals import Fault, Warned
from components.settings.shapes import Entries


class Loop:
    """The sound entries of a stack, seen together."""

    def __init__(
        self,
        channels: Entries[Channel],
        identities: Entries[Identity],
        configuration_sets: Entries[ConfigurationSet],
        queues: Entries[Queue],
        routing: Routing,
        feedback_channels: Collection[str],
    ) -> None:
        """`feedback_channels` are heard by a queue that names none."""
        self.channels = channels
        self.identities = identities
        self.configuration_sets = configuration_sets
        self.queues = queues
        self.routing = routing
        self._with_queue = {
            channel
            for queue in queues.values()
            for channel in queue.hears(feedback_channels)
        }
        self._sets_telling: defaultdict[tuple[Event, str], list[str]] = defaultdict(
            list
        )
        for name, configuration_set in configuration_sets.items():
            for channel, events in configuration_set.notify.items():
                for event in dict.fromkeys(events):
                    self._sets_telling[event, channel].append(name)

    def is_read(self, channel: str) -> bool:
        """Whether an application hears the channel: a queue of the stack or a lambda."""
        return channel in self._with_queue or any(
            subscription.protocol is Protocol.LAMBDA
            for subscription in self.channels[channel].subscriptions.values()
        )

    def forwarding(self, identity: Identity) -> bool:
        """Whether SES mails the feedback itself: as stated, or where nobody reads it."""
        if identity.forwarding is not None:
            return identity.forwarding
        routes = identity.routes
        return not all(
            event in routes and self.is_read(routes[event])
            for event in (Event.BOUNCE, Event.COMPLAINT)
        )

    def faults(self) -> Iterator[Fault]:
        """What breaks a rule between identities, sets, channels and queues."""
        for name, identity in self.identities.items():
            at = ("identities", name)
            yield from (fault.under(*at) for fault in self._shadowing(identity))
            yield from (fault.under(*at) for fault in self._twice(identity))
            yield from (fault.under(*at) for fault in self._unheard(identity))

    def _shadowing(self, identity: Identity) -> Iterator[Fault]:
        """SES applies the most specific verified identity and nothing of the wider."""
        found = self.routing.wider(identity.sender)
        if found is None:
            return
        wider = self.identities[found.key]
        if wider.delivery != NONE and not identity.states("delivery"):
            yield Fault(
                ("delivery",),
                f"nothing, where {found.key} ({found.sender}) has {wider.delivery}",
                "a channel or none: SES applies only the most specific identity",
            )
        if wider.default_set and not identity.states("configuration_set"):
            yield Fault(
                ("configurationSet",),
                f"nothing, where {found.key} ({found.sender}) has {wider.default_set}",
                "a configuration set or none: SES applies only the most specific identity",
            )

    def _twice(self, identity: Identity) -> Iterator[Fault]:
        chosen = identity.default_set
        for event, channel in identity.routes.items():
            if chosen in self._sets_telling[event, channel]:
                yield Fault(
                    (identity.route_key(event),),
                    f"channel {channel}, which configuration set {chosen} tells of"
                    f" {event} as well",
                    "one of the two ways for each event and channel",
                )

    def _unheard(self, identity: Identity) -> Iterator[Fault]:
        if identity.forwarding is not False:
            return
        reached = self.routing.reach(identity.sender)
        unheard = [
            event.value
            for event in (Event.BOUNCE, Event.COMPLAINT)
            if not any(self.has_listener(reach.channel) for reach in reached[event])
        ]
        if unheard and not self._is_silent(identity):
            yield Fault(
                ("forwarding",),
                f"false, where nobody hears of {' and '.join(unheard)}",
                "true, or a channel with a queue or a subscription for each",
            )

    def has_listener(self, name: str) -> bool:
        """Whether anybody hears the channel; the owner of a topic is not asked."""
        channel = self.channels.get(name)
        return name in self._with_queue or (
            channel is not None
            and (channel.topic is not None or channel.subscriptions.is_stated)
        )

    def _is_silent(self, identity: Identity) -> bool:
        """Whether who hears an identity cannot be said, for an unsound entry."""
        chosen = identity.default_set
        heard_by = set(identity.routes.values())
        if chosen is not None:
            configuration_set = self.configuration_sets.get(chosen)
            if configuration_set is None or not configuration_set.notify.is_sound:
                return True
            heard_by |= configuration_set.notify.names
        return not self.queues.is_sound or not heard_by <= set(self.channels)

    def warnings(self) -> Iterator[Warned]:
        """What is allowed and yet rarely meant."""
        yield from self._told_twice_by_choice()
        for name, identity in self.identities.items():
            if identity.existing and self._may_be_wider_elsewhere(identity):
                yield Warned(
                    ("identities", name),
                    f"a wider identity of {identity.sender} may stand in another stack;"
                    " its delivery route and default set do not hold for this one",
                )
        for name, configuration_set in self.configuration_sets.items():
            tracked = [
                event.value
                for event in (Event.OPEN, Event.CLICK)
                if event in configuration_set.events
            ]
            if tracked and configuration_set.tracking_domain is None:
                yield Warned(
                    ("configurationSets", name),
                    f"{' and '.join(tracked)} without trackingDomain; links in the mails"
                    " will lead to a domain of AWS",
                )

    def _told_twice_by_choice(self) -> Iterator[Warned]:
        """Routes that a set tells as well, for the mails that name the set."""
        told: defaultdict[tuple[str, str, Event], list[str]] = defaultdict(list)
        for name, identity in self.identities.items():
            for event, channel in identity.routes.items():
                for set_name in self._sets_telling[event, channel]:
                    told[set_name, channel, event].append(name)
        for (set_name, channel, event), names in told.items():
            more = f" and {len(names) - 1} more" if len(names) > 1 else ""
            yield Warned(
                ("configurationSets", set_name, "notify", channel),
                f"a mail of identity {names[0]}{more} with this set tells channel"
                f" {channel} of its {event} twice",
            )

    def _may_be_wider_elsewhere(self, identity: Identity) -> bool:
        below_a_domain = identity.is_address or identity.sender.count(".") > 1
        return below_a_domain and self.routing.wider(identity.sender) is None
