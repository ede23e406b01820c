"""scripts/setup and .ci/run with interpreters and installers that only pretend, and the
files that say what is installed."""

import os
import re
import shutil
import subprocess
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent

# What decides what is installed.
FILES = {
    "pyproject.toml",
    "collector/pyproject.toml",
    "requirements-sandbox.txt",
    "requirements-dev.txt",
}
LOCKS = [
    path.relative_to(ROOT).as_posix()
    for folder in (ROOT, ROOT / "collector")
    for path in sorted(folder.glob("requirements*.txt"))
]

# What scripts/setup and the pretenders run, apart from Python and uv.
TOOLS = (
    *("cat", "cksum", "cp", "dirname", "grep", "mkdir"),
    *("rm", "rmdir", "sed", "sh", "tail"),
)

# Answers what scripts/setup asks of an interpreter; as .venv/bin/python it is pip too.
PYTHON = """\
#!/bin/sh
case "$*" in
*'%d.%d'*) echo {version} ;;
*version_info*) exit {too_old} ;;
*ensurepip*) exit {no_venv} ;;
'-m venv .venv')
    mkdir -p .venv/bin .venv/lib/python{version}
    : >.venv/pyvenv.cfg
    cp "$0" .venv/bin/python
    ;;
*'-m pip '*)
    echo "pip $*" >>calls
    [ ! -f says ] || {{ cat says; exit 1; }}
    ;;
esac
"""

UV = """\
#!/bin/sh
echo "uv $*" >>calls
case "$1" in
venv) python3 -m venv .venv ;;
pip) [ ! -f says ] || { cat says; exit 1; } ;;
esac
"""


@dataclass(frozen=True)
class Checkout:
    """A folder with scripts/setup, and a PATH that holds nothing else of use."""

    folder: Path

    @property
    def bin(self) -> Path:
        return self.folder / "bin"

    def executable(self, name: str, text: str) -> None:
        path = self.bin / name
        path.write_text(text)
        path.chmod(0o755)

    def python(self, version: str, name: str = "python3", venv: bool = True) -> None:
        too_old = int(tuple(map(int, version.split("."))) < (3, 11))
        self.executable(
            name,
            PYTHON.format(version=version, too_old=too_old, no_venv=int(not venv)),
        )

    def uv(self) -> None:
        self.executable("uv", UV)

    def setup(self, goal: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.folder / "scripts" / "setup", goal],
            env={"PATH": str(self.bin), **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    def installs(self, goal: str, **environment: str) -> list[str]:
        """Run it, expect success, and answer what the installer was asked for."""
        (self.folder / "calls").unlink(missing_ok=True)
        done = self.setup(goal, **environment)
        assert (done.returncode, done.stderr) == (0, "")
        calls = self.folder / "calls"
        return calls.read_text().splitlines() if calls.exists() else []

    def refuses(self, goal: str = "sandbox", **environment: str) -> list[str]:
        """Run it, expect a refusal, and answer its lines."""
        done = self.setup(goal, **environment)
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        return [line.removeprefix("       ") for line in done.stderr.splitlines()]

    def installer_says(self, text: str) -> None:
        (self.folder / "says").write_text(text)

    def installer_recovers(self) -> None:
        (self.folder / "says").unlink()


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    (tmp_path / "scripts").mkdir()
    (tmp_path / "bin").mkdir()
    shutil.copy(ROOT / "scripts" / "setup", tmp_path / "scripts")
    (tmp_path / "collector").mkdir()
    for name in FILES:
        (tmp_path / name).write_text(name)
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found is not None
        (tmp_path / "bin" / tool).symlink_to(found)
    checkout = Checkout(tmp_path)
    checkout.python("3.12")
    return checkout


def test_venv_and_pip_install_where_uv_is_not(checkout: Checkout) -> None:
    requirements, project = checkout.installs("sandbox")
    assert requirements.startswith("pip -m pip ")
    assert requirements.endswith(
        " --require-hashes --only-binary :all: --requirement requirements-sandbox.txt"
    )
    assert project.endswith(
        " --no-index --no-deps --no-build-isolation --editable . --editable ./collector"
    )


def test_uv_installs_where_it_is(checkout: Checkout) -> None:
    checkout.uv()
    venv, requirements, project = checkout.installs("dev")
    assert venv == "uv venv --quiet --allow-existing --python python3 .venv"
    assert requirements == (
        "uv pip install --python .venv/bin/python"
        " --require-hashes --only-binary :all: --requirement requirements-dev.txt"
    )
    assert project == (
        "uv pip install --python .venv/bin/python"
        " --offline --no-deps --no-build-isolation --editable . --editable ./collector"
    )


@pytest.mark.parametrize("goal", ["sandbox", "dev"])
def test_a_second_run_installs_nothing(checkout: Checkout, goal: str) -> None:
    assert checkout.installs(goal)
    assert not checkout.installs(goal)
    assert not checkout.installs(goal, PYTHON="python3")


def test_what_the_tests_need_is_enough_for_the_sandbox(checkout: Checkout) -> None:
    assert checkout.installs("sandbox")
    assert checkout.installs("dev")
    assert not checkout.installs("sandbox")
    assert not checkout.installs("dev")


@pytest.mark.parametrize("name", sorted(FILES - {"requirements-sandbox.txt"}))
def test_a_changed_file_installs_again(checkout: Checkout, name: str) -> None:
    checkout.installs("dev")
    (checkout.folder / name).write_text("changed")
    assert checkout.installs("dev")


def test_an_older_lock_that_comes_back_installs_again(checkout: Checkout) -> None:
    """Else the tests would run with what the newer lock had brought."""
    checkout.installs("dev")
    for name in ("requirements-sandbox.txt", "requirements-dev.txt"):
        (checkout.folder / name).write_text("newer")
    checkout.installs("sandbox")
    for name in ("requirements-sandbox.txt", "requirements-dev.txt"):
        (checkout.folder / name).write_text(name)
    assert checkout.installs("dev")


def test_a_checkout_that_was_moved_installs_again(
    checkout: Checkout, tmp_path: Path
) -> None:
    checkout.installs("dev")
    moved = Checkout(checkout.folder.rename(tmp_path.with_name("moved here")))
    assert moved.installs("dev")


def test_an_install_that_broke_half_way_is_begun_anew(checkout: Checkout) -> None:
    checkout.installer_says("Killed\n")
    checkout.refuses()
    half = checkout.folder / ".venv" / "half-a-package"
    half.touch()
    checkout.installer_recovers()
    assert checkout.installs("sandbox")
    assert not half.exists()


def test_a_venv_that_lost_its_interpreter_is_made_anew(checkout: Checkout) -> None:
    checkout.installs("sandbox")
    (checkout.folder / ".venv" / "bin" / "python").unlink()
    assert checkout.installs("sandbox")


def test_a_newer_interpreter_is_found_beside_an_old_python3(checkout: Checkout) -> None:
    checkout.python("3.9")
    checkout.python("3.13", "python3.13")
    assert checkout.installs("sandbox")
    assert (checkout.folder / ".venv" / "lib" / "python3.13").is_dir()


def test_no_python(checkout: Checkout) -> None:
    (checkout.bin / "python3").unlink()
    missing, advice = checkout.refuses()
    assert missing == (
        "setup: no Python 3.11 or later on the PATH (no python3 at all)."
    )
    assert advice == (
        "Install one; if it stands elsewhere, name it:"
        " PYTHON=/path/to/python3.12 make ..."
    )


def test_an_old_python(checkout: Checkout) -> None:
    checkout.python("3.9")
    assert checkout.refuses()[0] == (
        "setup: no Python 3.11 or later on the PATH (python3 is Python 3.9)."
    )


def test_a_named_python_that_is_old(checkout: Checkout) -> None:
    checkout.python("3.10", "python3.10")
    assert checkout.refuses(PYTHON="python3.10") == [
        "setup: PYTHON=python3.10 is Python 3.10; Python 3.11 or later is needed."
    ]


def test_a_named_python_that_is_not_there(checkout: Checkout) -> None:
    assert checkout.refuses(PYTHON="python3.99") == [
        "setup: PYTHON=python3.99 does not run as a Python interpreter.",
        "Name one that is on the PATH, or its full path: PYTHON=python3.12 make ...",
    ]


def test_no_venv_module(checkout: Checkout) -> None:
    checkout.python("3.12", venv=False)
    assert checkout.refuses() == [
        "setup: python3 cannot make virtual environments: its venv module is missing.",
        "Debian and Ubuntu: apt install python3-venv (or python3.12-venv).",
        "Elsewhere: install Python's venv and ensurepip, or uv.",
    ]


def test_a_venv_of_another_python(checkout: Checkout) -> None:
    checkout.installs("sandbox")
    checkout.python("3.13", "python3.13")
    assert checkout.refuses(PYTHON="python3.13") == [
        "setup: .venv holds Python 3.12, and PYTHON=python3.13 is 3.13.",
        "To change it, run `make clean` first; to keep it, leave PYTHON out.",
    ]


def test_a_folder_that_is_no_venv_is_left_alone(checkout: Checkout) -> None:
    kept = checkout.folder / ".venv" / "notes"
    kept.parent.mkdir()
    kept.touch()
    assert checkout.refuses() == [
        "setup: .venv is there and is no virtual environment. Move it away first."
    ]
    assert kept.exists()


UNREACHABLE = "setup: the package registry could not be reached."
DIFFERS = (
    "setup: six==1.17.0 as it arrived is not the one in requirements-sandbox.txt:"
    " its hash differs."
)
NOT_TO_BE_HAD = "setup: a package is not to be had for Python 3.12 on this machine."


@pytest.mark.parametrize(
    ("installer", "says", "first_line"),
    [
        pytest.param(
            "pip",
            "WARNING: Retrying (Retry(total=0)) after connection broken by"
            " 'NewConnectionError(...: [Errno -2] Name or service not known')'\n"
            "ERROR: No matching distribution found for six==1.17.0\n",
            UNREACHABLE,
            id="pip: no network",
        ),
        pytest.param(
            "uv",
            "error: Request failed after 3 retries in 4.0s\n"
            "  cause: tcp connect error\n  cause: Connection refused (os error 111)\n",
            UNREACHABLE,
            id="uv: no network",
        ),
        pytest.param(
            "pip",
            "Collecting idna==3.20\n"
            "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS"
            " FILE.\n    six==1.17.0 from a file (from -r requirements-sandbox.txt):\n"
            "        Expected sha256 00\n             Got        11\n",
            DIFFERS,
            id="pip: another hash",
        ),
        pytest.param(
            "uv",
            "error: Failed to download `six==1.17.0`\n"
            "  cause: Hash mismatch for `six==1.17.0`\n",
            DIFFERS,
            id="uv: another hash",
        ),
        pytest.param(
            "pip",
            "ERROR: No matching distribution found for six==1.17.0\n",
            NOT_TO_BE_HAD,
            id="pip: no such package",
        ),
        pytest.param(
            "uv",
            "error: No solution found when resolving dependencies\n",
            NOT_TO_BE_HAD,
            id="uv: no such package",
        ),
        pytest.param(
            "pip",
            "ERROR: Could not install: [Errno 28] No space left on device\n",
            "setup: the disk is full; .venv takes up to 450 MB."
            " Make room and run this again.",
            id="full disk",
        ),
    ],
)
def test_a_known_failure_of_the_installer(
    checkout: Checkout, installer: str, says: str, first_line: str
) -> None:
    if installer == "uv":
        checkout.uv()
    checkout.installer_says(says)
    lines = checkout.refuses()
    assert lines[0] == first_line
    assert lines[-1] == f"All that {installer} said: .venv/setup.log"
    assert (checkout.folder / ".venv" / "setup.log").read_text() == says


def test_another_failure_of_the_installer(checkout: Checkout) -> None:
    checkout.installer_says('Traceback (most recent call last):\nERROR: "why"\n')
    assert checkout.refuses() == [
        "setup: requirements-sandbox.txt could not be installed into .venv.",
        "All that pip said: .venv/setup.log, and of that:",
        'ERROR: "why"',
    ]


def pins(name: str) -> set[str]:
    return set(
        re.findall(r"^\w\S*==.*?(?= \\$)", (ROOT / name).read_text(), re.MULTILINE)
    )


def test_each_requirements_file_is_part_of_the_next() -> None:
    assert pins("requirements.txt") < pins("requirements-sandbox.txt")
    assert pins("requirements-sandbox.txt") < pins("requirements-dev.txt")
    assert pins("collector/requirements.txt") < pins("requirements-dev.txt")


@pytest.mark.parametrize("name", LOCKS)
def test_requirements_hold_hashes_and_no_addresses(name: str) -> None:
    text = (ROOT / name).read_text()
    assert "://" not in text
    for line in text.splitlines():
        assert re.match(
            r"( *#|\w\S*==\S+( ; .+)? \\$| {4}--hash=sha256:[0-9a-f]{64}( \\)?$)", line
        ), line
    blocks = re.split(r"^(?=\w)", text, flags=re.MULTILINE)[1:]
    assert all("--hash=" in block for block in blocks)


def test_the_program_needs_four_packages() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    names = {re.split(r"[<>=]", entry)[0] for entry in project["dependencies"]}
    assert names == {"pulumi", "pulumi-aws", "pydantic", "pyyaml"}


def test_the_workflow_runs_what_ci_runs() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())
    check = workflow["jobs"]["check"]
    assert check["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13", "3.14"]
    assert check["steps"][-1] == {"run": ".ci/run"}
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


CI_NEEDS = {
    "java": "default-jre-headless",
    "mvn": "maven",
    "initdb": "postgresql",
    "postgres": "postgresql",
    "jq": "jq",
    "systemd-analyze": "systemd",
    "chromium": "chromium",
}
"""By command of the tests the package of Debian that has it."""


@dataclass(frozen=True)
class CiCheckout(Checkout):
    """With .ci/run, and make and apt-get that only write down what they are told."""

    def ci(self) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.folder / ".ci" / "run"],
            env={"PATH": str(self.bin)},
            capture_output=True,
            text=True,
            check=False,
        )

    def calls(self) -> list[str]:
        return (self.folder / "calls").read_text().splitlines()

    def user(self, number: int) -> None:
        self.executable("id", f"#!/bin/sh\necho {number}\n")


@pytest.fixture
def ci(checkout: Checkout) -> CiCheckout:
    ci = CiCheckout(checkout.folder)
    (ci.folder / ".ci").mkdir()
    text = (ROOT / ".ci" / "run").read_text()
    runs = ci.folder / ".ci" / "run"
    runs.write_text(text.replace("/usr/lib/postgresql", str(ci.folder / "postgresql")))
    runs.chmod(0o755)
    for name in CI_NEEDS:
        ci.executable(name, "#!/bin/sh\n")
    for tool in ("env", "ls", "mktemp"):
        found = shutil.which(tool)
        assert found is not None
        (ci.bin / tool).symlink_to(found)
    ci.executable("make", '#!/bin/sh\necho "make $* CI=$CI" >>calls\n')
    ci.executable(
        "apt-get",
        '#!/bin/sh\necho "$*" >>calls\n[ ! -f says ] || { cat says; exit 1; }\n',
    )
    ci.user(0)
    return ci


def test_ci_installs_nothing_where_all_is_there(ci: CiCheckout) -> None:
    done = ci.ci()
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "")
    assert ci.calls() == ["make check CI=true"]


@pytest.mark.parametrize("command", sorted(CI_NEEDS))
def test_ci_installs_what_is_missing(ci: CiCheckout, command: str) -> None:
    (ci.bin / command).unlink()
    assert ci.ci().returncode == 0
    _, install, check = ci.calls()
    assert install.endswith(f" install {CI_NEEDS[command]}")
    assert check == "make check CI=true"


def test_ci_finds_postgresql_where_debian_puts_it(ci: CiCheckout) -> None:
    (ci.bin / "initdb").unlink()
    installed = ci.folder / "postgresql" / "15" / "bin"
    installed.mkdir(parents=True)
    (installed / "initdb").touch()
    ci.ci()
    assert ci.calls() == ["make check CI=true"]


def test_ci_installs_by_sudo_for_another_user(ci: CiCheckout) -> None:
    (ci.bin / "mvn").unlink()
    ci.user(1000)
    ci.executable("sudo", '#!/bin/sh\necho "sudo $*" >>calls\nshift\n"$@"\n')
    ci.executable("true", "#!/bin/sh\n")
    assert ci.ci().returncode == 0
    assert "sudo -n apt-get -q update" in ci.calls()


@pytest.mark.parametrize("lacking", ["sudo", "apt-get"])
def test_ci_says_what_it_cannot_install(ci: CiCheckout, lacking: str) -> None:
    for command in ("java", "mvn"):
        (ci.bin / command).unlink()
    if lacking == "sudo":
        ci.user(1000)
    else:
        (ci.bin / "apt-get").unlink()
    done = ci.ci()
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "Install what Debian and Ubuntu call: default-jre-headless maven;"
        " then run this again."
    )


def test_ci_shows_what_apt_get_said(ci: CiCheckout) -> None:
    (ci.bin / "java").unlink()
    ci.installer_says("E: Unable to locate package\n")
    done = ci.ci()
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "E: Unable to locate package",
        (
            ".ci/run: apt-get could not install default-jre-headless;"
            " what it said last is above."
        ),
    ]
