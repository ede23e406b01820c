"""Links that nobody gave out; those of SNS are followed in
test_sandbox_http_delivery.py."""

import urllib.error
import urllib.request

import pytest

from tests.served import served


@pytest.mark.parametrize(
    ("link", "status", "code"),
    [
        ("?Action=ConfirmSubscription&TopicArn=x&Token=y", 400, b"InvalidParameter"),
        ("?Action=Unsubscribe&SubscriptionArn=a:b", 400, b"InvalidParameter"),
        ("?Action=ListTopics", 403, b"MissingAuthenticationToken"),
        ("", 403, b"MissingAuthenticationToken"),
        ("SimpleNotificationService-other.pem", 403, b"MissingAuthenticationToken"),
    ],
)
def test_a_link_that_leads_nowhere(link: str, status: int, code: bytes) -> None:
    with served() as account, pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{account.endpoint}/{link}")
    with refused.value:
        assert refused.value.code == status
        assert code in refused.value.read()
