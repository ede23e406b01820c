"""scripts/queue-server with a Maven that only pretends; the server that it fetches, and
the gate before it."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from tests.queue_server import ANSWERS, BATCH_BYTES, FreshQueue, Gate, QueueServer

ROOT = Path(__file__).parent.parent
FOLDER = "scripts/elasticmq"
TOOLS = (
    *("cmp", "diff", "dirname", "grep", "head", "mkdir", "mv"),
    *("rm", "sed", "sh", "sort", "tail"),
)

# Writes the jars of `jars` where it is told to, or fails with what `says` holds.
MAVEN = """\
#!/bin/sh
echo "$*" >>calls
if [ -f says ]; then cat says; exit 1; fi
for argument; do case $argument in -DoutputDirectory=*) goal=${argument#*=} ;; esac; done
cp jars/* "$goal"
"""


@dataclass(frozen=True)
class Checkout:
    """A folder with scripts/queue-server, and a PATH that holds nothing else of use."""

    folder: Path

    def run(self) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.folder / "scripts" / "queue-server"],
            env={"PATH": str(self.folder / "bin")},
            capture_output=True,
            text=True,
            check=False,
        )

    def fetches(self) -> bool:
        """Run it, expect success, and answer whether Maven was asked."""
        calls = self.folder / "calls"
        calls.unlink(missing_ok=True)
        done = self.run()
        assert (done.returncode, done.stderr) == (0, "")
        assert bool(done.stdout) == calls.exists()
        return calls.exists()

    def refuses(self) -> list[str]:
        """Run it, expect a refusal, and answer its lines."""
        done = self.run()
        assert done.returncode == 1
        assert not (self.folder / ".tools" / "elasticmq").exists()
        return [line.removeprefix(" " * 14) for line in done.stderr.splitlines()]

    def jar(self, name: str, content: str) -> None:
        (self.folder / "jars" / name).write_text(content)

    def says(self, text: str) -> None:
        (self.folder / "says").write_text(text)


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    for name in ("bin", "jars", "scripts", FOLDER):
        (tmp_path / name).mkdir()
    shutil.copy(ROOT / "scripts" / "queue-server", tmp_path / "scripts")
    hashing = ("sha256sum",) if shutil.which("sha256sum") else ("shasum", "perl")
    for tool in (*TOOLS, *hashing, "cat", "cp"):
        found = shutil.which(tool)
        assert found is not None
        (tmp_path / "bin" / tool).symlink_to(found)
    for name, text in (("mvn", MAVEN), ("java", "#!/bin/sh\n")):
        path = tmp_path / "bin" / name
        path.write_text(text)
        path.chmod(0o755)
    checkout = Checkout(tmp_path)
    for name in ("a.jar", "b.jar"):
        checkout.jar(name, name)
    pin(tmp_path, "a.jar", "b.jar")
    return checkout


def pin(folder: Path, *names: str) -> None:
    """The list of what should arrive: each of these holds its own name."""
    lines = (f"{sha256(name.encode()).hexdigest()}  {name}\n" for name in names)
    (folder / FOLDER / "jars.sha256").write_text("".join(lines))


def test_it_is_fetched_once(checkout: Checkout) -> None:
    assert checkout.fetches()
    arrived = checkout.folder / ".tools" / "elasticmq"
    assert sorted(path.name for path in arrived.glob("*.jar")) == ["a.jar", "b.jar"]
    assert not checkout.fetches()


def test_checksums_are_strict(checkout: Checkout) -> None:
    checkout.run()
    assert "--strict-checksums" in (checkout.folder / "calls").read_text().split()


def test_another_list_fetches_again(checkout: Checkout) -> None:
    assert checkout.fetches()
    (checkout.folder / "jars" / "b.jar").unlink()
    pin(checkout.folder, "a.jar")
    assert checkout.fetches()
    assert not (checkout.folder / ".tools" / "elasticmq" / "b.jar").exists()


def test_a_fetch_that_broke_half_way_is_begun_anew(checkout: Checkout) -> None:
    checkout.says("Killed\n")
    checkout.refuses()
    (checkout.folder / ".tools" / "elasticmq-arriving" / "half.jar").touch()
    (checkout.folder / "says").unlink()
    assert checkout.fetches()


@pytest.mark.parametrize(
    ("jars", "named"),
    [
        pytest.param({"b.jar": "changed"}, "b.jar", id="changed"),
        pytest.param({"c.jar": "more"}, "c.jar", id="one more"),
    ],
)
def test_a_jar_that_is_not_the_listed_one(
    checkout: Checkout, jars: dict[str, str], named: str
) -> None:
    for name, content in jars.items():
        checkout.jar(name, content)
    lines = checkout.refuses()
    assert lines[0] == (
        f"queue-server: what arrived is not what {FOLDER}/jars.sha256 lists."
        " These differ:"
    )
    assert lines[1] == named


def test_a_jar_that_is_missing(checkout: Checkout) -> None:
    (checkout.folder / "jars" / "a.jar").unlink()
    assert checkout.refuses()[1] == "a.jar"


@pytest.mark.parametrize(
    ("command", "package"), [("java", "default-jre-headless"), ("mvn", "maven")]
)
def test_a_missing_command(checkout: Checkout, command: str, package: str) -> None:
    (checkout.folder / "bin" / command).unlink()
    missing, advice = checkout.refuses()
    assert missing.startswith(f"queue-server: no {command} on the PATH;")
    assert f"apt install {package}." in advice


@pytest.mark.parametrize("command", ["java", "mvn"])
def test_what_is_there_needs_no_command(checkout: Checkout, command: str) -> None:
    checkout.fetches()
    (checkout.folder / "bin" / command).unlink()
    assert not checkout.fetches()


@pytest.mark.parametrize(
    ("says", "first_line"),
    [
        pytest.param(
            "[ERROR] Could not transfer artifact org.elasticmq:elasticmq-server_2.13:"
            "pom:1.7.1 from/to central: Name or service not known: Unknown host\n",
            "queue-server: the package registry could not be reached.",
            id="no network",
        ),
        pytest.param(
            "[ERROR] Could not transfer artifact org.elasticmq:elasticmq-core_2.13:jar:"
            "1.7.1 from/to central: Checksum validation failed, expected 00 but is 11\n",
            "queue-server: a file as it arrived is not the one that its registry"
            " names: its checksum differs.",
            id="checksum",
        ),
        pytest.param(
            "[ERROR] Could not transfer artifact: No space left on device\n",
            "queue-server: the disk is full;"
            " ElasticMQ takes 100 MB with Maven's own copy of it.",
            id="full disk",
        ),
    ],
)
def test_a_known_failure_of_maven(
    checkout: Checkout, says: str, first_line: str
) -> None:
    checkout.says(says)
    lines = checkout.refuses()
    assert lines[0] == first_line
    assert lines[-1].endswith("All that Maven said: .tools/elasticmq.log")
    assert (checkout.folder / ".tools" / "elasticmq.log").read_text() == says


def test_another_failure_of_maven(checkout: Checkout) -> None:
    checkout.says('[INFO] Building\n[ERROR] "why"\n')
    assert checkout.refuses() == [
        "queue-server: Maven could not fetch ElasticMQ.",
        "All that it said: .tools/elasticmq.log, and of that:",
        '[ERROR] "why"',
    ]


def test_no_file_names_a_registry() -> None:
    schema = "http://maven.apache.org/"
    for name in ("pom.xml", "jars.sha256"):
        text = (ROOT / FOLDER / name).read_text().replace(schema, "")
        assert "://" not in text.replace("http://www.w3.org/", "")


# The server.


def test_a_message_is_received_and_deleted(queue: FreshQueue) -> None:
    sqs = boto3.client("sqs")
    queue.send(["ü"])
    (message,) = sqs.receive_message(QueueUrl=queue.url)["Messages"]
    assert message["Body"] == "ü"
    assert (queue.visible, queue.in_hand) == (0, 1)
    sqs.delete_message(QueueUrl=queue.url, ReceiptHandle=message["ReceiptHandle"])
    assert queue.size == 0


def test_a_message_that_nobody_deletes_goes_to_the_dead_letter_queue(
    queue_server: QueueServer,
) -> None:
    queue = queue_server.queue(visibility=0, receives=2)
    queue.send(["poison"])
    for _ in range(2):
        assert queue.sqs.receive_message(QueueUrl=queue.url)["Messages"]
    assert not queue.sqs.receive_message(QueueUrl=queue.url).get("Messages")
    assert (queue.size, queue.dead) == (0, 1)
    assert queue.dead_letters() == ["poison"]
    assert queue.dead == 0


def test_a_message_of_a_mebibyte_and_none_larger(queue: FreshQueue) -> None:
    queue.send(["x" * BATCH_BYTES, "y"])
    assert queue.visible == 2
    with pytest.raises(ClientError):
        queue.send(["x" * (BATCH_BYTES + 1)])


# The gate.


@pytest.mark.parametrize("failure", [*sorted(ANSWERS.keys() - {"garbage"}), "drop"])
def test_a_gate_fails_as_it_is_told_and_then_no_more(
    gate: Gate, queue: FreshQueue, failure: str
) -> None:
    sqs = boto3.client("sqs", config=Config(retries={"total_max_attempts": 1}))
    queue.send(["one"])
    gate.fails["ReceiveMessage"] = failure
    with pytest.raises((ClientError, BotoCoreError)) as raised:
        sqs.receive_message(QueueUrl=queue.url)
    if isinstance(raised.value, ClientError):
        assert raised.value.response["Error"]["Message"].startswith("made-up")
    assert sqs.get_queue_url(QueueName=queue.url.rpartition("/")[2])
    gate.fails.clear()
    (message,) = sqs.receive_message(QueueUrl=queue.url)["Messages"]
    assert message["Body"] == "one"
    assert gate.calls == {"ReceiveMessage": 2, "GetQueueUrl": 1}


def test_boto3_takes_garbage_for_an_answer_that_holds_nothing(
    gate: Gate, queue: FreshQueue
) -> None:
    sqs = boto3.client("sqs")
    queue.send(["one"])
    gate.fails["*"] = "garbage"
    assert not sqs.receive_message(QueueUrl=queue.url).get("Messages")
    assert not sqs.delete_message_batch(QueueUrl=queue.url, Entries=[]).get("Failed")


def test_the_script_may_be_run() -> None:
    assert os.access(ROOT / "scripts" / "queue-server", os.X_OK)
