"""Links that nobody gave out; those of SNS are followed in
test_sandbox_http_delivery.py."""

import urllib.error
import urllib.request

import pytest

from tests.served import Served


@pytest.mark.parametrize(
    ("link", "status", "code"),
    [
        ("?Action=ConfirmSubscription&TopicArn=x&Token=y", 400, b"InvalidParameter"),
        ("?Action=Unsubscribe&SubscriptionArn=a:b", 400, b"InvalidParameter"),
        ("?Action=ListTopics", 403, b"MissingAuthenticationToken"),
        ("SimpleNotificationService-other.pem", 403, b"AccessDenied"),
        ("favicon.ico", 403, b"AccessDenied"),
    ],
)
def test_a_link_that_leads_nowhere(
    account: Served, link: str, status: int, code: bytes
) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{account.endpoint}/{link}")
    with refused.value:
        assert refused.value.code == status
        assert code in refused.value.read()


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_who_looks_at_the_endpoint_itself_is_told_what_it_is(
    account: Served, method: str
) -> None:
    request = urllib.request.Request(account.endpoint, method=method)
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 200
        text = answer.read()
    assert (b"AWS_ENDPOINT_URL" in text) is (method == "GET")
