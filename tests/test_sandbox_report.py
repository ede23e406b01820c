import gzip
import json
from collections.abc import Mapping

import pytest

from sandbox.cloud import Cloud
from sandbox.report import (
    Names,
    Place,
    Reporter,
    Row,
    count,
    event_name,
    mailbox,
    report,
)
from tests.emulated import (
    SHOP,
    configuration_set,
    event_log,
    identity,
    logged_set,
    notify,
    objects,
    queue,
    topic,
)

BOUNCE = "bounce@simulator.amazonses.com"


@pytest.fixture(autouse=True)
def shop(cloud: Cloud) -> None:
    identity(cloud, SHOP)


def rows(
    cloud: Cloud, names: Names, recipient: str = BOUNCE, named: str | None = None
) -> list[Row]:
    return list(Reporter(cloud, names).send(f"a@{SHOP}", recipient, named))


def names(**channels: str) -> Names:
    return Names({arn: name for name, arn in channels.items()}, {}, {})


def test_each_event_has_a_row_though_nobody_is_told(cloud: Cloud) -> None:
    cloud.client("sesv2").put_email_identity_feedback_attributes(
        EmailIdentity=SHOP, EmailForwardingEnabled=False
    )
    found = rows(cloud, names(), "success@simulator.amazonses.com")
    assert [(row.event, row.via, row.channel, row.places) for row in found] == [
        ("send", None, None, ()),
        ("delivery", None, None, ()),
    ]


def test_feedback_by_mail_is_a_place(cloud: Cloud) -> None:
    _, row = rows(cloud, names())
    assert (row.event, row.via, row.channel) == ("bounce", "forwarding", None)
    assert row.places == (Place("e-mail", f"a@{SHOP}"),)


def test_a_message_is_where_it_was_received(cloud: Cloud) -> None:
    arn = topic(cloud)
    url = queue(cloud, "queue", arn)
    raw = queue(cloud, "raw", arn, RawMessageDelivery="true")
    cloud.client("sns").subscribe(
        TopicArn=arn, Protocol="https", Endpoint="https://desk.example.com/ses"
    )
    notify(cloud, SHOP, arn, "Bounce")
    ours = Names({arn: "qa"}, {url: "first", raw: "second"}, {})
    (row,) = [row for row in rows(cloud, ours) if row.via == "identity"]
    assert row.channel == "qa"
    assert row.settled_by == SHOP
    assert set(row.places) == {
        Place("queue", "first"),
        Place("queue", "second"),
        Place("subscription", "https https://desk.example.com/ses"),
    }


def test_a_row_of_the_collector_is_a_place_once_for_all_queues(cloud: Cloud) -> None:
    arn = topic(cloud)
    ours = {queue(cloud, name, arn): name for name in ("first", "second")}
    theirs = queue(cloud, "theirs", arn)
    notify(cloud, SHOP, arn, "Bounce")
    taken: list[str] = []

    def collect(bodies: Mapping[str, str]) -> dict[str, str]:
        taken.extend(bodies.values())
        return dict.fromkeys(bodies, "email_bounces")

    reporter = Reporter(cloud, Names({arn: "qa"}, ours, {}), collect)
    taken.clear()
    found = list(reporter.send(f"a@{SHOP}", BOUNCE, None))
    (row,) = [row for row in found if row.via == "identity"]
    *queues, last = row.places
    assert last == Place("row", "email_bounces")
    account = cloud.account
    arn_of_theirs = f"arn:aws:sqs:{account.region}:{account.id}:theirs"
    assert set(queues) == {
        Place("queue", "first"),
        Place("queue", "second"),
        Place("subscription", f"sqs {arn_of_theirs}"),
    }
    assert len(taken) == 2, "only what is in the stack's own queues"
    assert theirs not in ours


def test_raw_messages_are_told_apart_by_their_channel(cloud: Cloud) -> None:
    one, two = topic(cloud, "one"), topic(cloud, "two")
    url = queue(cloud, "queue", one, two, RawMessageDelivery="true")
    notify(cloud, SHOP, one, "Bounce")
    configuration_set(cloud, "set", "BOUNCE", topic=two)
    ours = Names({one: "one", two: "two"}, {url: "queue"}, {"set": "ours"})
    found = rows(cloud, ours, named="set")
    assert [
        (row.via, row.channel, row.places, row.settled_by)
        for row in found
        if row.via in ("identity", "set")
    ] == [
        ("identity", "one", (Place("queue", "queue"),), SHOP),
        ("set", "two", (Place("queue", "queue"),), "ours"),
    ]
    assert {row.configuration_set for row in found} == {"ours"}


def test_a_channel_to_which_nobody_listens_has_no_places(cloud: Cloud) -> None:
    arn = topic(cloud)
    notify(cloud, SHOP, arn, "Bounce")
    (row,) = [row for row in rows(cloud, names(qa=arn)) if row.via == "identity"]
    assert (row.channel, row.places) == ("qa", ())


def test_a_message_that_cannot_be_received_is_nowhere(cloud: Cloud) -> None:
    arn = topic(cloud)
    url = queue(cloud, "queue", arn)
    cloud.client("sqs").set_queue_attributes(
        QueueUrl=url, Attributes={"DelaySeconds": "900"}
    )
    notify(cloud, SHOP, arn, "Bounce")
    ours = Names({arn: "qa"}, {url: "first"}, {})
    (row,) = [row for row in rows(cloud, ours) if row.via == "identity"]
    assert row.places == ()


def test_a_secret_endpoint_is_not_shown(cloud: Cloud) -> None:
    arn, url = topic(cloud), "https://user:pass@crm.example.com/ses"
    cloud.client("sns").subscribe(TopicArn=arn, Protocol="https", Endpoint=url)
    cloud.secret_endpoints[url] = "qa-subscription_crm"
    notify(cloud, SHOP, arn, "Bounce")
    (row,) = [row for row in rows(cloud, names(qa=arn)) if row.via == "identity"]
    assert row.places == (Place("subscription", "https **** (qa-subscription_crm)"),)


def test_an_event_that_is_kept_has_a_row_with_its_key(cloud: Cloud) -> None:
    arn, ses = topic(cloud), cloud.client("sesv2")
    logged_set(cloud, event_log(cloud), "SEND", "BOUNCE")
    notify(cloud, SHOP, arn, "Bounce")
    ours = Names({arn: "qa"}, {}, {"logged": "ours"})
    found = rows(cloud, ours, named="logged")
    assert [(row.event, row.via, row.channel) for row in found] == [
        ("send", "set", None),
        ("bounce", "identity", "qa"),
        ("bounce", "set", None),
        ("bounce", "forwarding", None),
    ]
    kept = [row for row in found if row.is_kept]
    assert [row.settled_by for row in kept] == ["ours", "ours"]
    places = [place for row in kept for place in row.places]
    assert {place.kind for place in places} == {"object"}
    by_key = {key: gzip.decompress(body) for key, body in objects(cloud).items()}
    events = [json.loads(by_key[place.name])["eventType"] for place in places]
    assert events == ["Send", "Bounce"]
    assert len(by_key) == 2
    ses.delete_configuration_set_event_destination(
        ConfigurationSetName="logged", EventDestinationName="event-log"
    )
    assert not any(row.is_kept for row in rows(cloud, ours, named="logged"))


def test_an_event_that_could_not_be_written_is_in_no_place(cloud: Cloud) -> None:
    logged_set(cloud, event_log(cloud), "SEND")
    cloud.client("s3").delete_bucket(Bucket="log")
    kept, _ = rows(cloud, names(), named="logged")
    assert (kept.event, kept.via, kept.is_kept, kept.places) == (
        "send",
        "set",
        True,
        (),
    )


def test_a_report_sends_from_every_identity_with_every_set(cloud: Cloud) -> None:
    identity(cloud, f"news@{SHOP}")
    configuration_set(cloud, "p-dev-one")
    outputs = {"configurationSetNames": {"one": "p-dev-one"}}
    identities = [SHOP, f"news@{SHOP}"]
    mails = []
    found = report(cloud, identities, outputs, advance=lambda: mails.append(1))
    assert len(mails) == count(identities, outputs) == 2 * 2 * 5
    sent = {(row.sender, row.recipient, row.configuration_set) for row in found}
    assert len(sent) == len(mails)
    assert {row.sender for row in found} == {f"no-reply@{SHOP}", f"news@{SHOP}"}
    assert {row.configuration_set for row in found} == {None, "one"}


def test_a_row_as_json() -> None:
    row = Row(
        "a@b.c", BOUNCE, "one", "bounce", "set", "qa", (Place("queue", "q"),), "x"
    )
    assert row.as_json() == {
        "sender": "a@b.c",
        "recipient": BOUNCE,
        "configurationSet": "one",
        "event": "bounce",
        "via": "set",
        "channel": "qa",
        "places": [{"kind": "queue", "name": "q"}],
    }


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("Send", "send"),
        ("Rendering Failure", "renderingFailure"),
        ("DeliveryDelay", "deliveryDelay"),
    ],
)
def test_events_have_our_names(theirs: str, ours: str) -> None:
    assert event_name(theirs) == ours


def test_an_address_sends_as_itself() -> None:
    assert mailbox(f"News@{SHOP}") == f"News@{SHOP}"
    assert mailbox(SHOP) == f"no-reply@{SHOP}"
