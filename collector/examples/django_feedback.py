"""Django asks before it sends, and tells whoever types an address that bounced.

In settings.py:

    EMAIL_BACKEND = "django_feedback.AskFirst"
    SES_FEEDBACK_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    SES_FEEDBACK_DATABASE = "postgresql://shop:...@db.example.com/feedback"

In a form: email = forms.EmailField(validators=[may_be_mailed])
"""

import logging
from collections.abc import Sequence
from copy import copy
from functools import cache
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend

from ses_feedback_collector import Suppression, open_database

log = logging.getLogger(__name__)


@cache
def suppression() -> Suppression:
    """One pool of connections for each process."""
    return Suppression(open_database(settings.SES_FEEDBACK_DATABASE))


class AskFirst(BaseEmailBackend):
    """Hands on each message to those recipients alone that may be mailed."""

    def __init__(self, fail_silently: bool = False, **options: Any) -> None:
        super().__init__(fail_silently=fail_silently)
        self._backend = get_connection(
            settings.SES_FEEDBACK_BACKEND, fail_silently=fail_silently, **options
        )

    def open(self) -> bool | None:
        return self._backend.open()

    def close(self) -> None:
        self._backend.close()

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        recipients = {
            recipient
            for message in email_messages
            for recipient in message.recipients()
        }
        verdicts = suppression().check(sorted(recipients))
        allowed = {one for one in recipients if verdicts[one].may_send}
        if len(allowed) < len(recipients):
            log.warning("left out %d recipients", len(recipients) - len(allowed))
        kept = [_addressed_to(allowed, message) for message in email_messages]
        return self._backend.send_messages([one for one in kept if one.recipients()])


def _addressed_to(allowed: set[str], message: EmailMessage) -> EmailMessage:
    copied = copy(message)
    for field in ("to", "cc", "bcc"):
        kept = [
            recipient for recipient in getattr(message, field) if recipient in allowed
        ]
        setattr(copied, field, kept)
    return copied


def may_be_mailed(email: str) -> None:
    """A validator: why a mail to this address would not be read."""
    verdict = suppression().check([email])[email]
    if not verdict.may_send:
        raise ValidationError(verdict.sentence, code=str(verdict.reason))
