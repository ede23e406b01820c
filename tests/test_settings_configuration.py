"""The keys of a stack file that are ours."""

from pathlib import Path

import pytest

from tests.snippets import checked, refusals


def test_the_defaults_of_the_top_level(tmp_path: Path) -> None:
    settings = checked(tmp_path, "")
    assert settings.tags == {}
    assert settings.protect is True
    assert settings.permissions_boundary is None
    assert settings.secret_endpoints == {}
    assert settings.configuration_sets == {}


@pytest.mark.parametrize(
    "tags",
    [
        "{service: mail, environment: prod}",
        "{'Cost Centre/2:a+b=c.d_e-@': ''}",
        "{2024: '5'}",
        "{aws-team: mail}",
        f"{{{'k' * 128}: {'v' * 256}}}",
        f"{{{', '.join(f'k{number}: v' for number in range(50))}}}",
    ],
)
def test_tags_that_are_allowed(tmp_path: Path, tags: str) -> None:
    assert refusals(tmp_path, f"tags: {tags}") == []


def test_tags_of_aws_are_refused_in_any_letter_case(tmp_path: Path) -> None:
    lines = refusals(tmp_path, "tags: {AWS:a: b, Aws:c: d, e: f}")
    assert [line.partition(": found")[0] for line in lines] == [
        "ses-feedback:tags.AWS:a",
        "ses-feedback:tags.Aws:c",
    ]
