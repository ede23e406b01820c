"""SES's first API: the topics of identities, which the second has no form of."""

from sandbox.apply.registry import Applied, Resource, applies
from sandbox.cloud import Cloud


@applies("aws:ses/identityNotificationTopic:IdentityNotificationTopic")
def identity_notification_topic(resource: Resource, cloud: Cloud) -> Applied:
    inputs, ses = resource.inputs, cloud.client("ses")
    what = {
        "Identity": inputs.need("identity"),
        "NotificationType": inputs.need("notificationType"),
    }
    ses.set_identity_notification_topic(
        **what, **inputs.named({"topicArn": "SnsTopic"})
    )
    ses.set_identity_headers_in_notifications_enabled(
        **what, Enabled=inputs.take("includeOriginalHeaders", False)
    )
    return Applied("|".join(what.values()), {})
