import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import ses_feedback_collector

PACKAGE = Path(ses_feedback_collector.__file__).parent


def test_what_is_public_is_there_and_says_what_it_is_for() -> None:
    for name in ses_feedback_collector.__all__:
        assert getattr(ses_feedback_collector, name).__doc__, name


def test_the_names_of_reading_a_message_are_public() -> None:
    assert {"Event", "EventType", "Notice", "Recipient", "Unreadable", "parse"} <= set(
        ses_feedback_collector.__all__
    )


def test_every_module_says_what_it_is_for() -> None:
    for file in PACKAGE.rglob("*.py"):
        text = file.read_text()
        assert not text or ast.get_docstring(ast.parse(text)), file


def test_to_read_messages_takes_nothing_of_the_other_distribution() -> None:
    """The collector is installed without Pulumi and pydantic."""
    program = (
        "import sys\n"
        "from ses_feedback_collector import *\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        cwd=PACKAGE.parent,
    )
    found = set(run.stdout.split())
    assert "ses_feedback_collector" in found
    assert not found & {"pulumi", "pulumi_aws", "pydantic", "components", "sandbox"}


def test_what_is_imported_is_stated_as_a_dependency() -> None:
    """botocore comes with boto3, which is made of it; psycopg by the extra."""
    stated = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text())["project"]
    wanted = [*stated["dependencies"], *stated["optional-dependencies"]["postgresql"]]
    names = {re.split(r"[^\w-]", one)[0] for one in wanted} | {"botocore"}
    distributions = packages_distributions()
    for file in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                modules = [one.name for one in node.names]
            elif isinstance(node, ast.ImportFrom):
                modules = [node.module or ""]
            else:
                continue
            for module in {one.partition(".")[0] for one in modules}:
                found = {_name(one) for one in distributions.get(module, ())}
                if module not in sys.stdlib_module_names and module != PACKAGE.name:
                    assert found & names, (file.name, module)


def _name(distribution: str) -> str:
    return distribution.lower().replace("_", "-")
