"""Raw values, from Pulumi or from a stack file alike."""

from pathlib import Path
from typing import Any

import pulumi
import pytest

from components.settings import NAMESPACE, StackFile
from components.settings.refusals import SEALED, UNREAD
from components.settings.source import Source, sealed, sealed_places
from tests.engine import ACCOUNT
from tests.snippets import as_pulumi_hands_it, stack_text, write
from tests.stacks import SECRET_ENDPOINT


def from_file(folder: Path, snippet: str, *without: str) -> Source:
    file = StackFile.read(write(folder, stack_text(snippet, *without)))
    return Source.of_file(file, None)


def from_pulumi(
    folder: Path, monkeypatch: pytest.MonkeyPatch, snippet: str, *without: str
) -> Source:
    monkeypatch.chdir(folder)
    program = as_pulumi_hands_it(folder, snippet, *without)
    pulumi.runtime.set_all_config(dict(program.config), list(program.secret_keys))
    pulumi.runtime.settings.configure(
        pulumi.runtime.Settings(project=program.project, stack=program.stack)
    )
    return Source.of_pulumi(pulumi.Config(NAMESPACE), ACCOUNT)


@pytest.mark.parametrize(
    "snippet",
    [
        "",
        "tags: {a: b, c: d}\nprotect: false",
        "protect: True",
        "permissionsBoundary: arn:aws:iam::123456789012:policy/limit",
        "queues: {app: {retentionDays: 3, consumer: {keys: [main, next]}}}",
        "secretEndpoints: {crm: 'https://crm:pass-word@crm.example.com/ses'}",
        "tags:\nprotect: ''",
        "identities: '{\"shop\": {}}'",
        "other: 5",
        "Ses-Feedback:tags: {}",
    ],
)
def test_pulumi_and_the_file_give_the_same_values(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, snippet: str
) -> None:
    handed = from_pulumi(tmp_path, monkeypatch, snippet)
    read = from_file(tmp_path, snippet)
    assert handed.values == read.values
    assert handed.faults == read.faults
    assert (handed.project, handed.stack) == (read.project, read.stack)
    assert (handed.folder, handed.region) == (read.folder, read.region)


def test_only_pulumi_can_see_a_secret_endpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    snippet = "secretEndpoints: {crm: {secure: AAAA}, desk: {secure: BBBB}}"
    secrets = from_file(tmp_path, snippet).values["secretEndpoints"]
    assert secrets == {"crm": SEALED, "desk": SEALED}
    secrets = from_pulumi(tmp_path, monkeypatch, snippet).values["secretEndpoints"]
    assert secrets == {"crm": SECRET_ENDPOINT, "desk": SECRET_ENDPOINT}


def test_a_secure_value_elsewhere_is_not_handed_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    snippet = "tags: {a: {secure: AAAA}, b: c}"
    assert from_file(tmp_path, snippet).values["tags"] == {"a": SEALED, "b": "c"}
    assert from_pulumi(tmp_path, monkeypatch, snippet).values["tags"] is SEALED


@pytest.mark.parametrize(
    ("snippet", "by_file", "by_pulumi"),
    [
        ("secretEndpoints: {crm: {secure: AAAA}}", (), ()),
        ("secretEndpoints: {}", (), ()),
        (
            "secretEndpoints: {crm: clear, desk: {secure: AAAA}}",
            (("secretEndpoints", "crm"),),
            (),
        ),
        (
            "secretEndpoints: {crm: clear}",
            (("secretEndpoints", "crm"),),
            (("secretEndpoints",),),
        ),
    ],
)
def test_secret_endpoints_in_clear(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    snippet: str,
    by_file: tuple[Any, ...],
    by_pulumi: tuple[Any, ...],
) -> None:
    """Pulumi tells no more than whether a key has a secure value somewhere."""
    assert from_file(tmp_path, snippet).clear_secrets == by_file
    handed = from_pulumi(tmp_path, monkeypatch, snippet)
    assert handed.clear_secrets == by_pulumi


def test_the_identities_file_stands_for_the_identities(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mail").mkdir()
    (tmp_path / "mail/identities.yaml").write_text("shop: {sender: a.example.com}")
    snippet = "identitiesFile: mail/identities.yaml"
    for source in (
        from_file(tmp_path, snippet, "identities"),
        from_pulumi(tmp_path, monkeypatch, snippet, "identities"),
    ):
        assert source.values["identities"] == {"shop": {"sender": "a.example.com"}}
        assert source.origin.identities_file == "mail/identities.yaml"
        assert source.mistakes == ()


def test_an_identities_file_that_cannot_be_read_leaves_the_identities_open(
    tmp_path: Path,
) -> None:
    for name in ("absent.yaml", "5", "[a]", "''"):
        source = from_file(tmp_path, f"identitiesFile: {name}", "identities")
        assert source.values["identities"] is UNREAD


def test_keys_of_other_namespaces_are_left_alone(tmp_path: Path) -> None:
    source = from_file(
        tmp_path,
        "aws:profile: mail\npulumi:tags: {a: b}\nses-feedback-collector:url: x",
    )
    assert source.faults == ()
    assert source.values.keys() == {"channels", "identities", "queues"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"secure": "AAAA"}, SEALED),
        ({"a": {"secure": "AAAA"}, "b": 1}, {"a": SEALED, "b": 1}),
        ([{"secure": "AAAA"}], [SEALED]),
        ({"secure": 5}, {"secure": 5}),
        ({"secure": "AAAA", "b": 1}, {"secure": "AAAA", "b": 1}),
        ("secure", "secure"),
    ],
)
def test_what_counts_as_secure_is_what_counts_for_pulumi(
    value: Any, expected: Any
) -> None:
    assert sealed(value) == expected


def test_the_places_of_secure_values() -> None:
    value = {"a": SEALED, "b": [1, {"c": SEALED}], "d": {}}
    assert list(sealed_places(value, ("x",))) == [("x", "a"), ("x", "b", 1, "c")]
