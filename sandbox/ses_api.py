"""The two APIs of SES, as extensions of moto's own: what botocore calls, and HTTP too.

moto finds a method by the operation's name in snake case. What is not here is moto's.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

from moto.core.common_types import TYPE_RESPONSE
from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult, EmptyResult
from moto.ses.models import EmailIdentity, ses_backends
from moto.ses.responses import EmailResponse
from moto.sesv2.responses import SESV2Response

from sandbox import mail, templates
from sandbox.ses import MOST_RECIPIENTS, Ses
from sandbox.ses_state import (
    FORWARDING,
    Destination,
    Reason,
    RefusedBySes,
    api_name,
    refuse,
)
from sandbox.templates import Template

V1_CODES = {
    Reason.REJECTED: "MessageRejected",
    Reason.INVALID: "InvalidParameterValue",
    Reason.NO_IDENTITY: "InvalidParameterValue",
    Reason.NO_SET: "ConfigurationSetDoesNotExist",
    Reason.NO_DESTINATION: "EventDestinationDoesNotExist",
    Reason.NO_TEMPLATE: "TemplateDoesNotExist",
    Reason.IDENTITY_EXISTS: "AlreadyExists",
    Reason.SET_EXISTS: "ConfigurationSetAlreadyExists",
    Reason.DESTINATION_EXISTS: "EventDestinationAlreadyExists",
    Reason.TEMPLATE_EXISTS: "AlreadyExists",
    Reason.TOO_MANY: "LimitExceeded",
    Reason.PAUSED: "ConfigurationSetSendingPausedException",
    Reason.CLOSED_TOPIC: "InvalidSNSDestination",
    Reason.CLOSED_STREAM: "InvalidFirehoseDestination",
}
V2_CODES = {
    Reason.REJECTED: "MessageRejected",
    Reason.INVALID: "BadRequestException",
    Reason.NO_IDENTITY: "NotFoundException",
    Reason.NO_SET: "NotFoundException",
    Reason.NO_DESTINATION: "NotFoundException",
    Reason.NO_TEMPLATE: "NotFoundException",
    Reason.IDENTITY_EXISTS: "AlreadyExistsException",
    Reason.SET_EXISTS: "AlreadyExistsException",
    Reason.DESTINATION_EXISTS: "AlreadyExistsException",
    Reason.TEMPLATE_EXISTS: "AlreadyExistsException",
    Reason.TOO_MANY: "LimitExceededException",
    Reason.PAUSED: "SendingPausedException",
    Reason.CLOSED_TOPIC: "BadRequestException",
    Reason.CLOSED_STREAM: "BadRequestException",
}
"""The code of a refusal, as the API reference of each version lists it."""

V1_STATUSES = {Reason.INVALID: "InvalidParameterValue"}
V2_STATUSES = {Reason.INVALID: "INVALID_PARAMETER"}
"""What is wrong with one mail of many alone."""

MAIL_FROM_BEHAVIOR = {
    "USE_DEFAULT_VALUE": "UseDefaultValue",
    "REJECT_MESSAGE": "RejectMessage",
}

Answer = Callable[[], TYPE_RESPONSE]


class SesError(ServiceException):
    """An error as it is sent to the caller, with a code of the API."""


class SesV1(EmailResponse):
    """SES's first API."""

    @property
    def backend(self) -> Ses:
        return cast(Ses, ses_backends[self.current_account][self.region])

    def call_action(self) -> TYPE_RESPONSE:
        return _answered(self, super().call_action, V1_CODES)

    def send_email(self) -> ActionResult:
        accepted = self.backend.accept(
            mail.simple(
                self._get_param("Source"),
                self._get_param("Destination", {}),
                self._get_param("Message.Subject.Data", ""),
                reply_to=self._get_param("ReplyToAddresses", []),
                configuration_set=self._get_param("ConfigurationSetName"),
                tags=_tags(self._get_param("Tags", [])),
                return_path=self._get_param("ReturnPath"),
            )
        )
        return ActionResult({"MessageId": accepted})

    def send_raw_email(self) -> ActionResult:
        accepted = self.backend.accept(
            mail.raw(
                self._get_param("RawMessage.Data"),
                source=self._get_param("Source"),
                recipients=self._get_param("Destinations", []),
                configuration_set=self._get_param("ConfigurationSetName"),
                tags=_tags(self._get_param("Tags", [])),
            )
        )
        return ActionResult({"MessageId": accepted})

    def send_templated_email(self) -> ActionResult:
        template = templates.stored(self.backend, self._get_param("Template"))
        accepted = self.backend.accept(
            self._templated(
                template,
                self._get_param("Destination", {}),
                templates.read(self._get_param("TemplateData")),
                _tags(self._get_param("Tags", [])),
            )
        )
        return ActionResult({"MessageId": accepted})

    def send_bulk_templated_email(self) -> ActionResult:
        template = templates.stored(self.backend, self._get_param("Template"))
        tags = _tags(self._get_param("DefaultTags", []))
        defaults = templates.read(self._get_param("DefaultTemplateData"))
        statuses = []
        for entry in _few(self._get_param("Destinations", [])):
            data = defaults | templates.read(entry.get("ReplacementTemplateData"))
            own = tags | _tags(entry.get("ReplacementTags", []))
            to = entry.get("Destination", {})
            mail = self._templated(template, to, data, own)
            statuses.append(_bulk(self.backend, mail, V1_STATUSES, "Success"))
        return ActionResult({"Status": statuses})

    def _templated(
        self,
        template: Template,
        destination: Mapping[str, list[str]],
        data: Mapping[str, Any],
        tags: Mapping[str, str],
    ) -> mail.Mail:
        subject, failure = template.render(data)
        return mail.simple(
            self._get_param("Source"),
            destination,
            subject,
            reply_to=self._get_param("ReplyToAddresses", []),
            configuration_set=self._get_param("ConfigurationSetName"),
            tags=tags,
            return_path=self._get_param("ReturnPath"),
            rendering_failure=failure,
        )

    def set_identity_headers_in_notifications_enabled(self) -> ActionResult:
        self.backend.set_headers_in_notifications(
            self._get_param("Identity"),
            self._get_param("NotificationType"),
            self._get_bool_param("Enabled", False),
        )
        return EmptyResult()

    def set_identity_feedback_forwarding_enabled(self) -> ActionResult:
        identity = self._get_param("Identity")
        topics = self.backend.notifications(identity)
        enabled = self._get_bool_param("ForwardingEnabled", False)
        if not (enabled or {"Bounce", "Complaint"} <= topics.keys()):
            raise RefusedBySes(
                Reason.INVALID,
                f"Feedback of {identity} can be switched off only where it has a topic"
                " for bounces and one for complaints.",
            )
        return super().set_identity_feedback_forwarding_enabled()

    def create_configuration_set_event_destination(self) -> ActionResult:
        stated = self._get_param("EventDestination")
        target = {}
        if "SNSDestination" in stated:
            topic = stated["SNSDestination"]["TopicARN"]
            target["SnsDestination"] = {"TopicArn": topic}
        if "CloudWatchDestination" in stated:
            target["CloudWatchDestination"] = stated["CloudWatchDestination"]
        if "KinesisFirehoseDestination" in stated:
            stream = stated["KinesisFirehoseDestination"]
            target["KinesisFirehoseDestination"] = {
                "DeliveryStreamArn": stream["DeliveryStreamARN"],
                "IamRoleArn": stream["IAMRoleARN"],
            }
        self.backend.add_destination(
            self._get_param("ConfigurationSetName"),
            stated["Name"],
            Destination(
                stated.get("Enabled", False),
                tuple(map(api_name, stated["MatchingEventTypes"])),
                target,
            ),
        )
        return EmptyResult()

    def update_configuration_set_sending_enabled(self) -> ActionResult:
        found = self.backend.configuration_set(self._get_param("ConfigurationSetName"))
        found.enabled = {"SendingEnabled": self._get_bool_param("Enabled", False)}
        return EmptyResult()


class SesV2(SESV2Response):
    """SES's second API, which keeps its state where the first does."""

    def __init__(self) -> None:
        super().__init__()
        self.automated_parameter_parsing = True

    @property
    def ses(self) -> Ses:
        return cast(Ses, ses_backends[self.current_account][self.region])

    def call_action(self) -> TYPE_RESPONSE:
        return _answered(self, super().call_action, V2_CODES)

    # moto declares the answers of these as text; any answer does.

    def send_email(self) -> ActionResult:  # type: ignore[override]
        return ActionResult({"MessageId": self.ses.accept(self._mail())})

    def _mail(self) -> mail.Mail:
        content = self._get_param("Content")
        source = self._get_param("FromEmailAddress")
        destination = self._get_param("Destination", {})
        common: dict[str, Any] = {
            "configuration_set": self._get_param("ConfigurationSetName"),
            "tags": _tags(self._get_param("EmailTags", [])),
            "return_path": self._get_param("FeedbackForwardingEmailAddress"),
        }
        if "Raw" in content:
            recipients = [one for kind in destination.values() for one in kind]
            return mail.raw(
                content["Raw"]["Data"], source=source, recipients=recipients, **common
            )
        headers = content.get("Simple", content.get("Template", {})).get("Headers", [])
        common |= {
            "reply_to": self._get_param("ReplyToAddresses", []),
            "headers": [(header["Name"], header["Value"]) for header in headers],
        }
        if "Simple" in content:
            subject = content["Simple"]["Subject"]["Data"]
        elif "Template" in content:
            stated = content["Template"]
            data = templates.read(stated.get("TemplateData"))
            subject, common["rendering_failure"] = self._template(stated).render(data)
        else:
            raise RefusedBySes(Reason.INVALID, "A mail has a content.")
        return mail.simple(source or "", destination, subject, **common)

    def _template(self, stated: Mapping[str, Any]) -> Template:
        """The template that is named, or the one that is sent along."""
        if content := stated.get("TemplateContent"):
            parts = [content.get(part, "") for part in ("Subject", "Text", "Html")]
            return Template("", (parts[0], parts[1], parts[2]))
        name = stated.get("TemplateName") or str(stated.get("TemplateArn", ""))
        return templates.stored(self.ses, name.rpartition("/")[2])

    def send_bulk_email(self) -> ActionResult:
        stated = self._get_param("DefaultContent").get("Template", {})
        template = self._template(stated)
        defaults = templates.read(stated.get("TemplateData"))
        tags = _tags(self._get_param("DefaultEmailTags", []))
        results = []
        for entry in _few(self._get_param("BulkEmailEntries", [])):
            replacement = entry.get("ReplacementEmailContent", {}).get(
                "ReplacementTemplate", {}
            )
            data = templates.read(replacement.get("ReplacementTemplateData"))
            subject, failure = template.render(defaults | data)
            headers = entry.get("ReplacementHeaders") or stated.get("Headers", [])
            single = mail.simple(
                self._get_param("FromEmailAddress", ""),
                entry.get("Destination", {}),
                subject,
                reply_to=self._get_param("ReplyToAddresses", []),
                headers=[(header["Name"], header["Value"]) for header in headers],
                configuration_set=self._get_param("ConfigurationSetName"),
                tags=tags | _tags(entry.get("ReplacementTags", [])),
                return_path=self._get_param("FeedbackForwardingEmailAddress"),
                rendering_failure=failure,
            )
            results.append(_bulk(self.ses, single, V2_STATUSES, "SUCCESS"))
        return ActionResult({"BulkEmailEntryResults": results})

    def create_email_template(self) -> ActionResult:
        return self._store_template(is_new=True)

    def update_email_template(self) -> ActionResult:
        return self._store_template(is_new=False)

    def _store_template(self, *, is_new: bool) -> ActionResult:
        name, content = (
            self._get_param("TemplateName"),
            self._get_param("TemplateContent"),
        )
        templates.store(self.ses, name, content, is_new=is_new)
        return EmptyResult()

    def get_email_template(self) -> ActionResult:
        found = templates.stored(self.ses, self._get_param("TemplateName"))
        content = dict(zip(("Subject", "Text", "Html"), found.parts, strict=True))
        return ActionResult({"TemplateName": found.name, "TemplateContent": content})

    def list_email_templates(self) -> ActionResult:
        listed = [
            {
                "TemplateName": one["template_name"],
                "CreatedTimestamp": one["Timestamp"],
            }
            for one in self.ses.templates.values()
        ]
        return ActionResult({"TemplatesMetadata": listed})

    def delete_email_template(self) -> ActionResult:
        found = templates.stored(self.ses, self._get_param("TemplateName"))
        del self.ses.templates[found.name]
        return EmptyResult()

    def get_email_identity(self) -> ActionResult:  # type: ignore[override]
        identity = self.ses.identity(self._get_param("EmailIdentity"))
        return ActionResult(self._identity(identity))

    def _identity(self, identity: EmailIdentity) -> dict[str, Any]:
        name = identity.email_identity
        answer = {
            "IdentityType": identity.identity_type,
            "FeedbackForwardingStatus": self.ses.notifications(name)[FORWARDING],
            "VerifiedForSendingStatus": identity.verified_for_sending_status,
            "VerificationStatus": identity.verification_status,
            "DkimAttributes": identity.dkim_attributes,
            "Policies": identity.policies,
            "Tags": identity.tags or [],
        }
        if identity.configuration_set_name:
            answer["ConfigurationSetName"] = identity.configuration_set_name
        if mail_from := self.ses.identity_mail_from_domains.get(name):
            behavior = {v1: v2 for v2, v1 in MAIL_FROM_BEHAVIOR.items()}
            answer["MailFromAttributes"] = {
                "MailFromDomain": mail_from["mail_from_domain"],
                "MailFromDomainStatus": "SUCCESS",
                "BehaviorOnMxFailure": behavior[mail_from["behavior_on_mx_failure"]],
            }
        return answer

    def put_email_identity_feedback_attributes(self) -> ActionResult:
        self.ses.set_identity_feedback_forwarding_enabled(
            self._get_param("EmailIdentity"),
            self._get_param("EmailForwardingEnabled", False),
        )
        return EmptyResult()

    def put_email_identity_mail_from_attributes(self) -> ActionResult:
        behavior = self._get_param("BehaviorOnMxFailure", "USE_DEFAULT_VALUE")
        self.ses.set_mail_from(
            self._get_param("EmailIdentity"),
            self._get_param("MailFromDomain"),
            MAIL_FROM_BEHAVIOR[behavior],
        )
        return EmptyResult()

    def put_email_identity_configuration_set_attributes(self) -> ActionResult:
        self.ses.set_default_set(
            self._get_param("EmailIdentity"), self._get_param("ConfigurationSetName")
        )
        return EmptyResult()

    def get_configuration_set(self) -> ActionResult:  # type: ignore[override]
        name = self._get_param("ConfigurationSetName")
        found = self.ses.configuration_set(name)
        sending = {"SendingEnabled": self.ses.may_send(name)}
        return ActionResult(found.to_dict_v2() | {"SendingOptions": sending})

    def put_configuration_set_delivery_options(self) -> ActionResult:
        return self._put_options(
            "delivery_options", "TlsPolicy", "SendingPoolName", "MaxDeliverySeconds"
        )

    def put_configuration_set_reputation_options(self) -> ActionResult:
        return self._put_options("reputation_options", "ReputationMetricsEnabled")

    def put_configuration_set_sending_options(self) -> ActionResult:
        return self._put_options("enabled", "SendingEnabled")

    def put_configuration_set_suppression_options(self) -> ActionResult:
        return self._put_options("suppression_options", "SuppressedReasons")

    def put_configuration_set_tracking_options(self) -> ActionResult:
        return self._put_options(
            "tracking_options", "CustomRedirectDomain", "HttpsPolicy"
        )

    def _put_options(self, attribute: str, *names: str) -> ActionResult:
        found = self.ses.configuration_set(self._get_param("ConfigurationSetName"))
        stated = {name: self._get_param(name) for name in names}
        options = {name: value for name, value in stated.items() if value is not None}
        setattr(found, attribute, options)
        return EmptyResult()

    def create_configuration_set_event_destination(self) -> ActionResult:
        self.ses.add_destination(*self._destination())
        return EmptyResult()

    def update_configuration_set_event_destination(self) -> ActionResult:
        self.ses.change_destination(*self._destination())
        return EmptyResult()

    def _destination(self) -> tuple[str, str, Destination]:
        stated = dict(self._get_param("EventDestination"))
        destination = Destination(
            stated.pop("Enabled", False),
            tuple(stated.pop("MatchingEventTypes", ())),
            stated,
        )
        return (
            self._get_param("ConfigurationSetName"),
            self._get_param("EventDestinationName"),
            destination,
        )

    def delete_configuration_set_event_destination(self) -> ActionResult:
        self.ses.remove_destination(
            self._get_param("ConfigurationSetName"),
            self._get_param("EventDestinationName"),
        )
        return EmptyResult()

    def get_configuration_set_event_destinations(self) -> ActionResult:
        name = self._get_param("ConfigurationSetName")
        self.ses.configuration_set(name)
        destinations = [
            {
                "Name": destination_name,
                "Enabled": destination.enabled,
                "MatchingEventTypes": list(destination.types),
                **destination.target,
            }
            for destination_name, destination in self.ses.destinations.get(
                name, {}
            ).items()
        ]
        return ActionResult({"EventDestinations": destinations})


def _answered(
    api: SesV1 | SesV2, answer: Answer, codes: Mapping[Reason, str]
) -> TYPE_RESPONSE:
    """The answer, or the refusal with the code that this API has for it."""
    try:
        return answer()
    except RefusedBySes as refused:
        error = SesError(codes[refused.reason], str(refused))
        return api.serialized(ActionResult(error))


def _few(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The mails of one request, if they are not too many (SendBulkEmail in the API
    reference: up to 50)."""
    if len(entries) > MOST_RECIPIENTS:
        refuse(Reason.INVALID, f"Destination count exceeds {MOST_RECIPIENTS}.")
    return entries


def _bulk(
    ses: Ses, single: mail.Mail, statuses: Mapping[Reason, str], success: str
) -> dict[str, str]:
    """What became of one mail of many; what holds for all of them is refused."""
    try:
        return {"Status": success, "MessageId": ses.accept(single)}
    except RefusedBySes as refused:
        if refused.reason not in statuses:
            raise
        return {"Status": statuses[refused.reason], "Error": str(refused)}


def _tags(stated: Iterable[Mapping[str, str]]) -> dict[str, str]:
    return {tag["Name"]: tag["Value"] for tag in stated}
