"""A stack file read without Pulumi."""

from pathlib import Path

import pytest

from components.settings import Refused, StackFile
from tests.snippets import stack_text, write


def test_a_stack_file_knows_its_stack_project_and_folder(tmp_path: Path) -> None:
    path = write(tmp_path, stack_text("protect: true"), "Pulumi.my.stack.yml")
    file = StackFile.read(path)
    assert (file.path, file.folder) == (path, tmp_path)
    assert (file.project, file.stack) == ("ses-feedback", "my.stack")
    assert file.config["ses-feedback:protect"] is True
    assert file.mistakes == ()


def test_the_project_file_may_stand_in_a_folder_above(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: mail\n")
    stacks = tmp_path / "a" / "b"
    stacks.mkdir(parents=True)
    (stacks / "Pulumi.dev.yaml").write_text(stack_text(""))
    file = StackFile.read(stacks / "Pulumi.dev.yaml")
    assert (file.project, file.folder) == ("mail", tmp_path)


def test_a_path_is_taken_from_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, stack_text(""))
    monkeypatch.chdir(tmp_path)
    assert StackFile.read(Path("Pulumi.dev.yaml")).folder == tmp_path


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "Pulumi.yaml:name: found null, expected text"),
        ("name: 5\n", "Pulumi.yaml:name: found 5, expected text"),
        ("name: ''\n", 'Pulumi.yaml:name: found "", expected text'),
        ("- a\n", "Pulumi.yaml:name: found null, expected text"),
        (
            "name: !Ref a\n",
            "Pulumi.yaml: line 1: found a mistake (the tag !Ref), expected YAML",
        ),
    ],
)
def test_a_project_without_a_name_is_refused(
    tmp_path: Path, text: str, line: str
) -> None:
    path = write(tmp_path, stack_text(""))
    (tmp_path / "Pulumi.yaml").write_text(text)
    with pytest.raises(Refused) as refused:
        StackFile.read(path)
    assert str(refused.value) == line


def test_a_stack_file_without_a_project_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, stack_text(""))
    (tmp_path / "Pulumi.yaml").unlink()
    with pytest.raises(Refused) as refused:
        StackFile.read(path)
    assert str(refused.value) == (
        f"{path}: found no Pulumi.yaml beside it or above, expected the project's"
    )


def test_a_key_that_stands_twice_does_not_hide_the_rest(tmp_path: Path) -> None:
    text = stack_text("protect: true\nprotect: false") + "config2: {}\n"
    file = StackFile.read(write(tmp_path, text))
    assert file.mistakes == (
        "ses-feedback:protect: found this key twice, expected it once",
    )
    assert file.config["ses-feedback:protect"] is False
