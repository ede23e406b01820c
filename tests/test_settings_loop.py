"""Rules and warnings over the whole loop; its refusals are in test_refusals.py."""

from pathlib import Path

import pytest

from tests.snippets import checked, refusals

SHOP = "identities: {shop: {sender: shop.example.com, feedback: app%s}}"


def warnings(folder: Path, snippet: str) -> list[str]:
    return list(checked(folder, snippet).warnings)


def test_a_set_chosen_per_mail_that_tells_what_the_route_tells(tmp_path: Path) -> None:
    snippet = "configurationSets: {campaigns: {notify: {app: [bounce, complaint, reject]}}, other: {notify: {app: [reject]}}}"
    assert warnings(tmp_path, snippet) == [
        "ses-feedback:configurationSets.campaigns.notify.app: a mail of identity shop with this set tells channel app of its bounce twice",
        "ses-feedback:configurationSets.campaigns.notify.app: a mail of identity shop with this set tells channel app of its complaint twice",
    ]


@pytest.mark.parametrize(
    ("text", "events"),
    [
        ("{metrics: [open]}", "open"),
        ("{notify: {app: [click]}}", "click"),
        ("{notify: {app: [click]}, metrics: [send, open]}", "open and click"),
    ],
)
def test_opens_and_clicks_without_a_domain_of_ones_own(
    tmp_path: Path, text: str, events: str
) -> None:
    assert warnings(tmp_path, f"configurationSets: {{s: {text}}}") == [
        f"ses-feedback:configurationSets.s: {events} without trackingDomain; links in the mails will lead to a domain of AWS"
    ]


def test_an_existing_identity_whose_wider_one_is_not_here(tmp_path: Path) -> None:
    address = "identities: {news: {sender: news@shop.example.com, feedback: app, existing: true}"
    wider = "shop: {sender: example.com, feedback: app}"
    assert warnings(tmp_path, address + "}") == [
        "ses-feedback:identities.news: a wider identity of news@shop.example.com may stand in another stack; its delivery route and default set do not hold for this one"
    ]
    assert warnings(tmp_path, f"{address}, {wider}}}") == []


def test_a_domain_with_none_above_it_has_no_wider_identity(tmp_path: Path) -> None:
    assert warnings(tmp_path, SHOP.replace("shop.ex", "ex") % ", existing: true") == []


def test_secret_endpoints_in_clear(tmp_path: Path) -> None:
    snippet = "channels: {app: {subscriptions: {x: {protocol: https, secretEndpoint: crm}, y: {protocol: https, secretEndpoint: desk}}}}\nsecretEndpoints: {crm: 'https://crm:pass-word@crm.example.com/', desk: {secure: AAAA}}"
    assert warnings(tmp_path, snippet) == [
        "ses-feedback:secretEndpoints.crm: stored in clear; store it by `pulumi config set --secret --path 'ses-feedback:secretEndpoints.NAME'`"
    ]


@pytest.mark.parametrize(
    "more",
    [
        "{shop: {sender: shop.example.com, feedback: app, delivery: app}, news: {sender: news@shop.example.com, feedback: app, delivery: none}}",
        "{shop: {sender: shop.example.com, feedback: app, configurationSet: s}, news: {sender: news@shop.example.com, feedback: app, configurationSet: none}}",
        "{shop: {sender: shop.example.com, feedback: app, delivery: app}, news: {sender: news.example.com, feedback: app}}",
        "{shop: {sender: shop.example.com, feedback: app, delivery: app}, mid: {sender: a.shop.example.com, feedback: app, delivery: none}, news: {sender: x@a.shop.example.com, feedback: app}}",
        "{shop: {sender: shop.example.com, feedback: app}, news: {sender: news@shop.example.com, feedback: none}}",
    ],
)
def test_nothing_is_lost_where_it_is_stated(tmp_path: Path, more: str) -> None:
    snippet = f"identities: {more}\nconfigurationSets: {{s: {{}}}}"
    assert refusals(tmp_path, snippet) == []


def test_only_the_nearest_wider_identity_counts(tmp_path: Path) -> None:
    snippet = "identities: {wide: {sender: example.com, feedback: app}, shop: {sender: shop.example.com, feedback: app, delivery: app}, news: {sender: news@shop.example.com, feedback: app}}"
    assert refusals(tmp_path, snippet) == [
        "ses-feedback:identities.news.delivery: found nothing, where shop (shop.example.com) has app, expected a channel or none: SES applies only the most specific identity"
    ]


@pytest.mark.parametrize(
    "snippet",
    [
        SHOP % ", forwarding: false",
        SHOP % ", forwarding: false" + "\nchannels: {app: {subscriptions: {a: {protocol: email, endpoint: a@example.com}}}}\nqueues: {}",
        SHOP % ", forwarding: false" + "\nchannels: {app: {topic: 'arn:aws:sns:eu-west-1:123456789012:a'}}\nqueues: {}",
        "identities: {shop: {sender: shop.example.com, feedback: none, forwarding: false, configurationSet: s}}\nconfigurationSets: {s: {notify: {app: [bounce, complaint]}}}",
        "identities: {shop: {sender: shop.example.com, bounce: app, complaint: none, forwarding: false, configurationSet: s}}\nconfigurationSets: {s: {notify: {app: [complaint]}}}",
    ],
)  # fmt: skip
def test_forwarding_may_be_off_where_somebody_listens(
    tmp_path: Path, snippet: str
) -> None:
    assert refusals(tmp_path, snippet) == []


@pytest.mark.parametrize(
    ("snippet", "forwards"),
    [
        (SHOP % "", False),
        (SHOP % ", forwarding: true", True),
        (SHOP % "" + "\nqueues: {}", True),
        (SHOP % "" + "\nchannels: {app: {}, qa: {}}\nqueues: {app: {channels: [qa]}}", True),
        (SHOP % "" + "\nchannels: {app: {subscriptions: {a: {protocol: email, endpoint: a@example.com}}}}\nqueues: {}", True),
        (SHOP % "" + "\nchannels: {app: {subscriptions: {a: {protocol: lambda, endpoint: 'arn:aws:lambda:eu-west-1:123456789012:function:f'}}}}\nqueues: {}", False),
        (SHOP % "" + "\nchannels: {app: {topic: 'arn:aws:sns:eu-west-1:123456789012:a'}}\nqueues: {}", True),
        ("identities: {shop: {sender: shop.example.com, bounce: app, complaint: none}}", True),
        ("identities: {shop: {sender: shop.example.com, feedback: none, configurationSet: s}}\nconfigurationSets: {s: {notify: {app: [bounce, complaint]}}}", True),
    ],
)  # fmt: skip
def test_feedback_is_mailed_unless_an_application_reads_both_routes(
    tmp_path: Path, snippet: str, forwards: bool
) -> None:
    settings = checked(tmp_path, snippet)
    assert settings.loop.forwarding(settings.identities["shop"]) is forwards
