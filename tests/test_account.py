"""ARNs that are known before anything is declared."""

from components.account import Account


def test_the_arns_of_an_account() -> None:
    account = Account("123456789012", "us-gov-west-1", "aws-us-gov")
    ses = "arn:aws-us-gov:ses:us-gov-west-1:123456789012"
    assert account.root_arn == "arn:aws-us-gov:iam::123456789012:root"
    assert (
        account.identity_arn("shop.example.com") == f"{ses}:identity/shop.example.com"
    )
    assert account.identity_arn("*") == f"{ses}:identity/*"
    assert account.alarm_arn("mail-dev-daily-quota") == (
        "arn:aws-us-gov:cloudwatch:us-gov-west-1:123456789012:alarm:mail-dev-daily-quota"
    )
    assert account.configuration_set_arn("mail-dev-campaigns") == (
        f"{ses}:configuration-set/mail-dev-campaigns"
    )
