"""Templates of mails, which both APIs of SES share; moto keeps and renders them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from moto.ses.exceptions import MissingRenderingAttributeException
from moto.ses.template import parse_template

from sandbox.ses_state import Reason, SesState, refuse


@dataclass(frozen=True)
class Template:
    """A template, stored or sent along."""

    name: str
    """Empty for one that was sent along."""
    parts: tuple[str, str, str]
    """Subject, text and HTML."""

    def render(self, data: Mapping[str, Any]) -> tuple[str, tuple[str, str] | None]:
        """The subject, and the template's name with the reason where it fails."""
        try:
            subject, *_ = [parse_template(part, dict(data)) for part in self.parts]
        except MissingRenderingAttributeException as missing:
            return "", (self.name, str(missing.message))
        return subject, None


def stored(ses: SesState, name: str) -> Template:
    """A template that SES keeps."""
    found = ses.templates.get(name)
    if found is None:
        refuse(Reason.NO_TEMPLATE, f"Template {name} does not exist.")
    keys = ("subject_part", "text_part", "html_part")
    subject, text, html = (found.get(key) or "" for key in keys)
    return Template(name, (subject, text, html))


def store(
    ses: SesState, name: str, content: Mapping[str, str], *, is_new: bool
) -> None:
    """Keeps a template, its content as SES v2 has it."""
    if is_new and name in ses.templates:
        refuse(Reason.TEMPLATE_EXISTS, f"Template {name} already exists.")
    if not is_new:
        stored(ses, name)
    kept: dict[str, Any] = {
        "template_name": name,
        "subject_part": content.get("Subject", ""),
        "text_part": content.get("Text", ""),
        "html_part": content.get("Html", ""),
        "Timestamp": datetime.now(UTC),
    }
    ses.templates[name] = kept


def read(data: str | None) -> dict[str, Any]:
    """The values for a template, as the APIs take them."""
    try:
        values = json.loads(data or "{}")
    except ValueError:
        values = None
    if not isinstance(values, dict):
        refuse(Reason.INVALID, "Template data is no JSON object.")
    return values
