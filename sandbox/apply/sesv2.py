"""SES's second API: identities, configuration sets and their event destinations."""

from typing import Any

from sandbox.apply.inputs import Inputs
from sandbox.apply.registry import Applied, Resource, applies
from sandbox.cloud import Cloud


@applies("aws:sesv2/emailIdentity:EmailIdentity")
def email_identity(resource: Resource, cloud: Cloud) -> Applied:
    inputs, ses = resource.inputs, cloud.client("sesv2")
    name = inputs.need("emailIdentity")
    ses.create_email_identity(
        EmailIdentity=name,
        Tags=inputs.tags(),
        **inputs.capitalised("configurationSetName"),
    )
    made = ses.get_email_identity(EmailIdentity=name)
    dkim = made["DkimAttributes"]
    outputs = {
        "arn": cloud.account.identity_arn(name),
        "dkimSigningAttributes": {
            "tokens": dkim.get("Tokens", []),
            "status": dkim["Status"],
            "signingAttributesOrigin": dkim["SigningAttributesOrigin"],
            "currentSigningKeyLength": dkim["CurrentSigningKeyLength"],
            "nextSigningKeyLength": dkim["NextSigningKeyLength"],
        },
        "identityType": made["IdentityType"],
        "verificationStatus": made["VerificationStatus"],
        "verifiedForSendingStatus": made["VerifiedForSendingStatus"],
    }
    return Applied(name, outputs)


@applies("aws:sesv2/emailIdentityFeedbackAttributes:EmailIdentityFeedbackAttributes")
def email_identity_feedback_attributes(resource: Resource, cloud: Cloud) -> Applied:
    name = resource.inputs.need("emailIdentity")
    cloud.client("sesv2").put_email_identity_feedback_attributes(
        EmailIdentity=name,
        EmailForwardingEnabled=resource.inputs.take("emailForwardingEnabled", False),
    )
    return Applied(name, {})


@applies("aws:sesv2/emailIdentityMailFromAttributes:EmailIdentityMailFromAttributes")
def email_identity_mail_from_attributes(resource: Resource, cloud: Cloud) -> Applied:
    name = resource.inputs.need("emailIdentity")
    cloud.client("sesv2").put_email_identity_mail_from_attributes(
        EmailIdentity=name,
        **resource.inputs.capitalised("mailFromDomain", "behaviorOnMxFailure"),
    )
    return Applied(name, {})


OPTIONS = {
    "deliveryOptions": ("tlsPolicy",),
    "reputationOptions": ("reputationMetricsEnabled",),
    "suppressionOptions": ("suppressedReasons",),
    "trackingOptions": ("customRedirectDomain",),
}
"""The parts of a configuration set, with their properties."""


@applies("aws:sesv2/configurationSet:ConfigurationSet")
def configuration_set(resource: Resource, cloud: Cloud) -> Applied:
    inputs = resource.inputs
    name = inputs.need("configurationSetName")
    options = {
        key[0].upper() + key[1:]: part.capitalised(*properties)
        for key, properties in OPTIONS.items()
        if (part := inputs.part(key)) is not None
    }
    cloud.client("sesv2").create_configuration_set(
        ConfigurationSetName=name, Tags=inputs.tags(), **options
    )
    return Applied(name, {"arn": cloud.account.configuration_set_arn(name)})


@applies("aws:sesv2/configurationSetEventDestination:ConfigurationSetEventDestination")
def configuration_set_event_destination(resource: Resource, cloud: Cloud) -> Applied:
    inputs = resource.inputs
    configuration_set = inputs.need("configurationSetName")
    name = inputs.need("eventDestinationName")
    destination = inputs.part("eventDestination") or Inputs({})
    stated = destination.capitalised("enabled", "matchingEventTypes")
    if (topic := destination.part("snsDestination")) is not None:
        stated["SnsDestination"] = topic.capitalised("topicArn")
    if (counts := destination.part("cloudWatchDestination")) is not None:
        stated["CloudWatchDestination"] = _dimensions(counts)
    if (stream := destination.part("kinesisFirehoseDestination")) is not None:
        stated["KinesisFirehoseDestination"] = stream.capitalised(
            "deliveryStreamArn", "iamRoleArn"
        )
    cloud.client("sesv2").create_configuration_set_event_destination(
        ConfigurationSetName=configuration_set,
        EventDestinationName=name,
        EventDestination=stated,
    )
    return Applied(f"{configuration_set}|{name}", {})


def _dimensions(destination: Inputs) -> dict[str, Any]:
    dimensions = destination.parts("dimensionConfigurations")
    names = ("dimensionName", "dimensionValueSource", "defaultDimensionValue")
    return {"DimensionConfigurations": [one.capitalised(*names) for one in dimensions]}
