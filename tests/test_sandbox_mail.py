from email.message import EmailMessage

from sandbox import mail


def written(**headers: str) -> bytes:
    message = EmailMessage()
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content("It is on its way.")
    return message.as_bytes()


def test_a_raw_mail_is_of_its_headers() -> None:
    found = mail.raw(
        written(
            From="Shop <no-reply@shop.example.com>",
            To="Jane <jane@example.com>, joe@example.com",
            Bcc="audit@example.com",
            X_SES_CONFIGURATION_SET="trial",
            X_SES_MESSAGE_TAGS="campaign=spring, run=2",
            Return_Path="<back@shop.example.com>",
        )
    )
    assert found.sender == "no-reply@shop.example.com"
    assert found.recipients == (
        "jane@example.com",
        "joe@example.com",
        "audit@example.com",
    )
    assert found.configuration_set == "trial"
    assert found.tags == {"campaign": "spring", "run": "2"}
    assert found.return_path == "back@shop.example.com"


def test_what_the_request_says_comes_before_the_headers() -> None:
    found = mail.raw(
        written(
            From="a@shop.example.com", To="b@x.example", X_SES_CONFIGURATION_SET="one"
        ),
        source="c@shop.example.com",
        recipients=["d@x.example"],
        configuration_set="two",
        tags={"campaign": "autumn"},
        return_path="e@shop.example.com",
    )
    assert found.sender == "c@shop.example.com"
    assert found.recipients == ("d@x.example",)
    assert found.configuration_set == "two"
    assert found.tags == {"campaign": "autumn"}
    assert found.return_path == "e@shop.example.com"


def test_the_headers_for_ses_stay_with_it() -> None:
    found = mail.raw(
        written(
            From="a@shop.example.com",
            To="b@x.example",
            Bcc="c@x.example",
            X_Ses_Configuration_Set="one",
            X_Ses_Message_Tags="a=b",
            Subject="Hello",
        )
    )
    names = {name.lower() for name, _ in found.headers}
    assert {"from", "to", "subject"} <= names
    assert not names & {"bcc", "x-ses-configuration-set", "x-ses-message-tags"}


def test_a_simple_mail_does_not_name_its_hidden_recipients() -> None:
    found = mail.simple(
        "Shop <a@shop.example.com>",
        {"ToAddresses": ["b@x.example"], "BccAddresses": ["c@x.example"]},
        "Hello",
    )
    assert found.recipients == ("b@x.example", "c@x.example")
    assert found.header("to") == "b@x.example"
    assert found.header("bcc") is None
    assert found.header("subject") == "Hello"


def test_the_antivirus_test_file_is_found_in_an_attachment() -> None:
    message = EmailMessage()
    message["From"] = "a@shop.example.com"
    message["To"] = "b@x.example"
    message.set_content("Look at this.")
    content = f"X5O!P%@AP[4\\PZX54(P^)7CC)7}}${mail.VIRUS}!$H+H*".encode()
    message.add_attachment(content, maintype="application", subtype="octet-stream")
    assert mail.VIRUS.encode() not in message.as_bytes(), "it is encoded"
    assert mail.raw(message.as_bytes()).infected
    assert not mail.raw(written(From="a@shop.example.com")).infected
