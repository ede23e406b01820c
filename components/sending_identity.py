"""SendingIdentity: a domain or address that sends, and where its feedback goes."""

from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict

import pulumi
import pulumi_aws as aws

from components.events import IDENTITY_EVENTS, Event

DKIM_TOKENS = 3
"""CNAME records of Easy DKIM for each domain."""

RECORD_SECONDS = 1800
"""For how long a resolver may keep a DNS record."""

REGIONAL_DKIM = frozenset(
    (
        "af-south-1",
        "ap-northeast-3",
        "ap-south-2",
        "ap-southeast-3",
        "ap-southeast-5",
        "ca-west-1",
        "eu-central-2",
        "eu-south-1",
        "il-central-1",
        "me-central-1",
        "us-gov-east-1",
    )
)
"""Regions whose DKIM records point to a domain with the region in its name."""


class DnsRecord(TypedDict):
    """A record that the sender's DNS must have."""

    name: str
    type: str
    value: str


class SendingIdentityArgs(TypedDict):
    """What an identity is made of."""

    sender: str
    """The domain, or with an '@' the address, in canonical form."""
    region: str
    """The region of SES, for the targets of the DNS records."""
    topics: Mapping[Event, pulumi.Input[str]]
    """For bounce, complaint and delivery the topic that hears of it."""
    forwarding: bool
    """Whether SES mails bounces and complaints to the sender as well."""
    original_headers: NotRequired[Sequence[Event]]
    """Events whose notification carries the mail's headers."""
    configuration_set: NotRequired[pulumi.Input[str] | None]
    """Name in SES of the set of mails that name none."""
    mail_from: NotRequired[str | None]
    """The MAIL FROM domain, below the sender's."""
    hosted_zone: NotRequired[str | None]
    """The Route 53 zone in which the DNS records are made."""
    existing: NotRequired[bool]
    """Verified elsewhere: only topics and forwarding are managed."""
    protect: NotRequired[bool]
    """Whether the identity is protected from deletion."""
    tags: NotRequired[Mapping[str, str]]
    """AWS tags."""


class SendingIdentity(pulumi.ComponentResource):
    """An identity of SES, its notification topics, forwarding and DNS records.

    It is named by its sender, not by our key of it: the resources that set a topic
    clear it when they are deleted, so a renamed one would clear what it just set.
    The topics of an existing identity are all managed, so that `none` clears one.
    """

    dns_records: pulumi.Output[list[DnsRecord]] | None
    """What the sender's DNS must have; none for an address and where it exists."""

    def __init__(
        self,
        name: str,
        args: SendingIdentityArgs,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("ses-feedback:index:SendingIdentity", name, None, opts)
        self._name = name
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)

        self.dns_records = None
        sender: pulumi.Input[str] = args["sender"]
        if not args.get("existing"):
            sender = self._identity()
        topics = [
            self._notification_topic(sender, event)
            for event in IDENTITY_EVENTS
            if event in args["topics"] or args.get("existing")
        ]
        # Deleting it switches forwarding off, which an identity of others outlives.
        aws.sesv2.EmailIdentityFeedbackAttributes(
            f"{name}-forwarding",
            email_identity=sender,
            email_forwarding_enabled=args["forwarding"],
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=topics,
                retain_on_delete=True if args.get("existing") else None,
            ),
        )
        self.register_outputs({"dns_records": self.dns_records})

    def _identity(self) -> pulumi.Output[str]:
        identity = aws.sesv2.EmailIdentity(
            f"{self._name}-identity",
            email_identity=self._args["sender"],
            configuration_set_name=self._args.get("configuration_set"),
            tags=self._args.get("tags", {}),
            opts=pulumi.ResourceOptions(
                parent=self, protect=self._args.get("protect", True)
            ),
        )
        if "@" not in self._args["sender"]:
            self._domain(identity)
        return identity.email_identity

    def _domain(self, identity: aws.sesv2.EmailIdentity) -> None:
        """Easy DKIM, the MAIL FROM domain, and their records in DNS."""
        domain, region = self._args["sender"], self._args["region"]
        dkim = identity.dkim_signing_attributes.apply(
            lambda attributes: _dkim_records(
                domain, region, (attributes.tokens if attributes else None) or ()
            )
        )
        mail_from = self._args.get("mail_from")
        if mail_from:
            aws.sesv2.EmailIdentityMailFromAttributes(
                f"{self._name}-mail-from",
                email_identity=identity.email_identity,
                mail_from_domain=mail_from,
                behavior_on_mx_failure="USE_DEFAULT_VALUE",
                opts=self._child,
            )
        static = _mail_from_records(mail_from, region) if mail_from else []
        self.dns_records = dkim.apply(lambda records: [*records, *static])

        if zone := self._args.get("hosted_zone"):
            for number in range(1, DKIM_TOKENS + 1):
                self._make_record(f"dkim-{number}", zone, _nth(dkim, number - 1))
            for record in static:
                role = f"mail-from-{record['type'].lower()}"
                self._make_record(role, zone, pulumi.Output.from_input(record))

    def _make_record(
        self, role: str, zone: str, record: pulumi.Output[DnsRecord]
    ) -> None:
        aws.route53.Record(
            f"{self._name}-{role}",
            zone_id=zone,
            name=record["name"],
            type=record["type"],
            ttl=RECORD_SECONDS,
            records=[record["value"]],
            opts=self._child,
        )

    def _notification_topic(
        self, sender: pulumi.Input[str], event: Event
    ) -> aws.ses.IdentityNotificationTopic:
        return aws.ses.IdentityNotificationTopic(
            f"{self._name}-{event.value}",
            identity=sender,
            notification_type=event.value.capitalize(),
            topic_arn=self._args["topics"].get(event),
            include_original_headers=event in self._args.get("original_headers", ()),
            opts=self._child,
        )


def _nth(
    records: pulumi.Output[list[DnsRecord]], index: int
) -> pulumi.Output[DnsRecord]:
    """One of several records; an empty one while SES has answered no tokens."""
    none: DnsRecord = {"name": "", "type": "CNAME", "value": ""}
    return records.apply(
        lambda records: records[index] if index < len(records) else none
    )


def _dkim_records(domain: str, region: str, tokens: Sequence[str]) -> list[DnsRecord]:
    """Easy DKIM's records (SES developer guide, Easy DKIM)."""
    target = f"dkim.{region}" if region in REGIONAL_DKIM else "dkim"
    return [
        {
            "name": f"{token}._domainkey.{domain}",
            "type": "CNAME",
            "value": f"{token}.{target}.amazonses.com",
        }
        for token in tokens
    ]


def _mail_from_records(mail_from: str, region: str) -> list[DnsRecord]:
    """The records of a MAIL FROM domain (SES developer guide, custom MAIL FROM)."""
    return [
        {
            "name": mail_from,
            "type": "MX",
            "value": f"10 feedback-smtp.{region}.amazonses.com",
        },
        {
            "name": mail_from,
            "type": "TXT",
            "value": "v=spf1 include:amazonses.com ~all",
        },
    ]
