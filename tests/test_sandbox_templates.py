"""Mails from templates, by both APIs of SES."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.cloud import Cloud
from tests.emulated import (
    SHOP,
    configuration_set,
    identity,
    queue,
    told,
    topic,
)

SENDER = f"a@{SHOP}"
TO = {"ToAddresses": ["b@example.net"]}
DATA = json.dumps({"name": "Ann"})


@pytest.fixture(autouse=True)
def order(cloud: Cloud) -> None:
    """An identity and a template."""
    identity(cloud, SHOP)
    content = {"Subject": "Dear {{name}}", "Text": "{{name}}, hello", "Html": ""}
    cloud.client("sesv2").create_email_template(
        TemplateName="order", TemplateContent=content
    )


def subject(cloud: Cloud, message_id: str) -> str | None:
    return cloud.ses.events[message_id][0].sent.mail.header("Subject")


def refusal(call: Any, **parameters: Any) -> str:
    with pytest.raises(ClientError) as refused:
        call(**parameters)
    code: str = refused.value.response["Error"]["Code"]
    return code


def v2(cloud: Cloud, **template: Any) -> str:
    message_id: str = cloud.client("sesv2").send_email(
        FromEmailAddress=SENDER, Destination=TO, Content={"Template": template}
    )["MessageId"]
    return message_id


def v1(cloud: Cloud, **more: Any) -> str:
    message_id: str = cloud.client("ses").send_templated_email(
        Source=SENDER, Destination=TO, Template="order", **more
    )["MessageId"]
    return message_id


def test_one_mail(cloud: Cloud) -> None:
    stored = v2(cloud, TemplateName="order", TemplateData=DATA)
    assert subject(cloud, stored) == "Dear Ann"
    assert subject(cloud, v1(cloud, TemplateData=DATA)) == "Dear Ann"
    along = {"Subject": "Bye {{name}}", "Text": "x"}
    assert subject(cloud, v2(cloud, TemplateContent=along, TemplateData=DATA)) == (
        "Bye Ann"
    )


def test_what_cannot_be_rendered_is_an_event_of_the_set(cloud: Cloud) -> None:
    arn = topic(cloud)
    url = queue(cloud, "queue", arn)
    configuration_set(cloud, "set", "SEND", "RENDERING_FAILURE", topic=arn)
    v1(cloud, TemplateData="{}", ConfigurationSetName="set")
    bodies = told(cloud, url)
    assert [body["eventType"] for body in bodies] == ["Rendering Failure"]
    assert bodies[0]["failure"]["templateName"] == "order"
    assert "name" in bodies[0]["failure"]["errorMessage"]


def test_many_mails_by_the_first_version(cloud: Cloud) -> None:
    many = {"ToAddresses": [f"b{number}@example.net" for number in range(51)]}
    statuses = cloud.client("ses").send_bulk_templated_email(
        Source=SENDER,
        Template="order",
        DefaultTemplateData=DATA,
        Destinations=[
            {"Destination": TO},
            {"Destination": TO, "ReplacementTemplateData": '{"name": "Bob"}'},
            {"Destination": many},
        ],
    )["Status"]
    assert [status["Status"] for status in statuses] == [
        "Success",
        "Success",
        "InvalidParameterValue",
    ]
    subjects = [subject(cloud, status["MessageId"]) for status in statuses[:2]]
    assert subjects == ["Dear Ann", "Dear Bob"]


def test_many_mails_by_the_second_version(cloud: Cloud) -> None:
    bob = {"ReplacementTemplate": {"ReplacementTemplateData": '{"name": "Bob"}'}}
    results = cloud.client("sesv2").send_bulk_email(
        FromEmailAddress=SENDER,
        DefaultContent={"Template": {"TemplateName": "order", "TemplateData": DATA}},
        BulkEmailEntries=[
            {"Destination": TO},
            {"Destination": TO, "ReplacementEmailContent": bob},
            {"Destination": {"ToAddresses": []}},
        ],
    )["BulkEmailEntryResults"]
    assert [result["Status"] for result in results] == [
        "SUCCESS",
        "SUCCESS",
        "INVALID_PARAMETER",
    ]
    subjects = [subject(cloud, result["MessageId"]) for result in results[:2]]
    assert subjects == ["Dear Ann", "Dear Bob"]


def test_an_unverified_sender_of_many_is_refused_as_a_whole(cloud: Cloud) -> None:
    code = refusal(
        cloud.client("sesv2").send_bulk_email,
        FromEmailAddress="a@example.org",
        DefaultContent={"Template": {"TemplateName": "order", "TemplateData": DATA}},
        BulkEmailEntries=[{"Destination": TO}],
    )
    assert code == "MessageRejected"


def test_templates_are_kept_for_both_versions(cloud: Cloud) -> None:
    old, new = cloud.client("ses"), cloud.client("sesv2")
    assert old.get_template(TemplateName="order")["Template"]["SubjectPart"] == (
        "Dear {{name}}"
    )
    content = {"Subject": "Changed"}
    new.update_email_template(TemplateName="order", TemplateContent=content)
    found = new.get_email_template(TemplateName="order")["TemplateContent"]
    assert found["Subject"] == "Changed"
    old.create_template(Template={"TemplateName": "other", "SubjectPart": "s"})
    listed = new.list_email_templates()["TemplatesMetadata"]
    assert [one["TemplateName"] for one in listed] == ["order", "other"]
    new.delete_email_template(TemplateName="order")
    assert refusal(new.get_email_template, TemplateName="order") == "NotFoundException"


@pytest.mark.parametrize(
    ("data", "name", "v1_code", "v2_code"),
    [
        (DATA, "nope", "TemplateDoesNotExist", "NotFoundException"),
        ("[1", "order", "InvalidParameterValue", "BadRequestException"),
        ("[1]", "order", "InvalidParameterValue", "BadRequestException"),
    ],
)
def test_refusals(
    cloud: Cloud, data: str, name: str, v1_code: str, v2_code: str
) -> None:
    assert v1_code == refusal(
        cloud.client("ses").send_templated_email,
        Source=SENDER,
        Destination=TO,
        Template=name,
        TemplateData=data,
    )
    assert v2_code == refusal(
        cloud.client("sesv2").send_email,
        FromEmailAddress=SENDER,
        Destination=TO,
        Content={"Template": {"TemplateName": name, "TemplateData": data}},
    )


def test_a_template_that_is_there_already(cloud: Cloud) -> None:
    code = refusal(
        cloud.client("sesv2").create_email_template,
        TemplateName="order",
        TemplateContent={"Subject": "s"},
    )
    assert code == "AlreadyExistsException"
