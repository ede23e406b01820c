"""The JSON Schema of a stack file, by which editors complete and check it."""

from typing import Any

from pydantic import TypeAdapter

from components.settings.configuration import Configuration
from components.settings.source import NAMESPACE, REGION, SECRETS
from components.settings.values import Region

SECURE = {
    "type": "object",
    "description": "A value that Pulumi encrypted.",
    "properties": {"secure": {"type": "string"}},
    "required": ["secure"],
    "additionalProperties": False,
}


def stack_schema() -> dict[str, Any]:
    """The schema of Pulumi.STACK.yaml, in the draft that most editors know."""
    ours = Configuration.model_json_schema(ref_template="#/definitions/{model}")
    keys = {f"{NAMESPACE}:{name}": key for name, key in ours["properties"].items()}
    keys[f"{NAMESPACE}:{SECRETS}"]["additionalProperties"] = {
        "anyOf": [{"type": "string"}, SECURE]
    }
    protect = keys[f"{NAMESPACE}:protect"]
    protect["enum"] = [True, False, "true", "false"]
    del protect["type"]
    region = TypeAdapter(Region).json_schema()
    schema = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Stack file of ses-feedback",
        "type": "object",
        "properties": {
            "config": {
                "type": "object",
                "properties": {REGION: region, **keys},
                "required": [REGION],
                "patternProperties": {
                    f"^{NAMESPACE}:(?!({'|'.join(ours['properties'])})$)": False
                },
            }
        },
        "required": ["config"],
        "definitions": ours["$defs"],
    }
    tidy: dict[str, Any] = _tidy(schema)
    return tidy


def _tidy(value: Any) -> Any:
    """A schema without null, which no key takes, and without titles made of names."""
    if isinstance(value, list):
        return [_tidy(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    plain = {
        key: _tidy(inner)
        for key, inner in value.items()
        if inner is not None
        and not (key == "title" and isinstance(inner, str) and "$schema" not in value)
    }
    if "patternProperties" in plain and "properties" not in plain:
        ((pattern, entry),) = plain.pop("patternProperties").items()
        plain["propertyNames"] = {"pattern": pattern}
        plain["additionalProperties"] = entry
    choices = [
        choice for choice in plain.get("anyOf", ()) if choice != {"type": "null"}
    ]
    if "anyOf" in plain and len(choices) == 1:
        del plain["anyOf"]
        return choices[0] | plain
    if "anyOf" in plain:
        plain["anyOf"] = choices
    return plain
