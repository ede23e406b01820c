"""What holds for every component and every file, those to come included.

The rules over resources look at each stack of the tests, as an update and as a preview.
"""

import ast
import importlib
import inspect
import json
import pkgutil
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from itertools import permutations
from pathlib import Path
from typing import Any, get_args

import pulumi
import pulumi_aws
import pytest

import components
from tests.engine import Engine, Resource, declare, texts
from tests.stacks import ROOT, STACKS, declared, program

TOKENS = {
    "Channel": "ses-feedback:index:Channel",
    "EventLog": "ses-feedback:index:EventLog",
    "EventPipeline": "ses-feedback:index:EventPipeline",
    "EventQueries": "ses-feedback:index:EventQueries",
    "FeedbackQueue": "ses-feedback:index:FeedbackQueue",
    "Monitoring": "ses-feedback:index:Monitoring",
    "PrivateBucket": "ses-feedback:index:PrivateBucket",
    "SendingGuard": "ses-feedback:index:SendingGuard",
    "SendingIdentity": "ses-feedback:index:SendingIdentity",
    "ServiceUser": "ses-feedback:index:ServiceUser",
}
"""By component class its type token: another token replaces every such component."""

PROTECTED = {
    "kms/key:Key",
    "s3/bucket:Bucket",
    "sesv2/emailIdentity:EmailIdentity",
    "sns/topic:Topic",
    "sqs/queue:Queue",
}

WAITED_FOR = {
    "iam/rolePolicy:RolePolicy",
    "lambda/permission:Permission",
    "ses/identityNotificationTopic:IdentityNotificationTopic",
    "sqs/queuePolicy:QueuePolicy",
}
"""What `depends_on` may name: single resources, that do not hand on an output."""

ACTIONS = {
    "firehose": {"firehose:PutRecordBatch"},
    "kms": {"kms:*", "kms:Decrypt", "kms:GenerateDataKey*"},
    "logs": {"logs:CreateLogStream", "logs:PutLogEvents"},
    "s3": {
        "s3:*",
        "s3:AbortMultipartUpload",
        "s3:GetBucketLocation",
        "s3:GetObject",
        "s3:ListBucket",
        "s3:ListBucketMultipartUploads",
        "s3:PutObject",
    },
    "ses": {"ses:PutConfigurationSetSendingOptions"},
    "sns": {"sns:Publish"},
    "sqs": {
        "sqs:ChangeMessageVisibility",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
        "sqs:GetQueueUrl",
        "sqs:ReceiveMessage",
        "sqs:SendMessage",
    },
    "sts": {"sts:AssumeRole"},
}
"""Actions of IAM (service authorization reference), as far as policies here use them."""

each_stack = pytest.mark.parametrize("stack", STACKS)
each_run = pytest.mark.parametrize("preview", [False, True], ids=["update", "preview"])


def component_classes() -> dict[str, type[pulumi.ComponentResource]]:
    """Every component of the folder, by the name of its class."""
    for module in pkgutil.walk_packages(components.__path__, "components."):
        importlib.import_module(module.name)
    return {
        kind.__name__: kind
        for kind in subclasses(pulumi.ComponentResource)
        if kind.__module__.startswith("components.")
    }


def subclasses(kind: type[Any]) -> Iterator[type[Any]]:
    for below in kind.__subclasses__():
        yield below
        yield from subclasses(below)


def test_every_component_has_its_type_token() -> None:
    assert set(component_classes()) == set(TOKENS)
    found = {
        each.type
        for stack in STACKS
        for each in declared(stack).all()
        if each.is_component
    }
    assert found == set(TOKENS.values())


@pytest.mark.parametrize("name", TOKENS)
def test_a_component_is_made_of_a_name_args_and_options(name: str) -> None:
    kind = component_classes()[name]
    parameters = inspect.signature(kind.__init__).parameters
    assert list(parameters) == ["self", "name", "args", "opts"]
    assert parameters["opts"].default is None
    assert kind.__doc__, "says what it is for"


@each_stack
@each_run
def test_every_child_has_a_component_as_parent(stack: str, preview: bool) -> None:
    engine = declared(stack, preview=preview)
    for each in engine.all():
        parent = engine.by_urn.get(each.parent)
        if parent is None:
            assert each.is_component, f"{each.urn} stands outside every component"
            assert "pulumi:pulumi:Stack::" in each.parent
        else:
            assert parent.is_component, each.urn


@each_stack
@each_run
def test_the_name_of_a_child_begins_with_its_parents(stack: str, preview: bool) -> None:
    engine = declared(stack, preview=preview)
    for each in engine.all():
        if each.parent in engine.by_urn:
            assert each.name.startswith(f"{engine.by_urn[each.parent].name}-"), each.urn


@each_stack
@each_run
def test_every_component_registers_its_outputs(stack: str, preview: bool) -> None:
    """Under the names of its attributes; one that is None is not told."""
    engine = declared(stack, preview=preview)
    classes = component_classes()
    for each in engine.all():
        if each.is_component:
            hints = inspect.get_annotations(classes[each.type.rpartition(":")[2]])
            named = {name for name, hint in hints.items() if "Output" in str(hint)}
            optional = {name for name in named if type(None) in get_args(hints[name])}
            registered = set(engine.component_outputs[each.urn])
            assert named - optional <= registered <= named, each.urn


TAGS = {"team": "mail", "cost-center": "7"}


@pytest.fixture(params=STACKS, scope="module")
def unprotected(request: pytest.FixtureRequest) -> Engine:
    """A stack with tags of its own and without protection."""
    return declare(program(request.param, tags=TAGS, protect=False))


def takes_tags(resource: Resource) -> bool:
    """Whether the SDK's class has tags: `aws:sqs/queue:Queue` is aws.sqs.Queue."""
    module, _, name = resource.kind.partition("/")
    if module == "lambda":
        module = "lambda_"
    kind = getattr(getattr(pulumi_aws, module), name.partition(":")[2])
    return "tags" in vars(kind)


def test_every_taggable_resource_carries_the_tags(unprotected: Engine) -> None:
    for each in unprotected.all():
        if not each.is_component:
            expected = TAGS if takes_tags(each) else None
            assert each.inputs.get("tags") == expected, each.urn


def test_something_is_taggable_and_something_is_not() -> None:
    full = declared("full")
    assert takes_tags(full.one("sqs/queue:Queue", "everything-queue"))
    assert takes_tags(full.one("iam/role:Role", "shared-consumer-role"))
    assert not takes_tags(full.one("sqs/queuePolicy:QueuePolicy", "bare-queue-policy"))


@pytest.mark.parametrize("stack", ["simplest", "prod", "full"])
@each_run
def test_exactly_what_holds_data_is_protected(stack: str, preview: bool) -> None:
    for each in declared(stack, preview=preview).all():
        assert each.protect == (each.kind in PROTECTED), each.urn


def test_without_protect_nothing_is_protected(unprotected: Engine) -> None:
    assert [each.urn for each in unprotected.all() if each.protect] == []


@each_stack
@each_run
def test_a_stated_dependency_is_on_a_single_resource(stack: str, preview: bool) -> None:
    """Naming a component would wait for all its children, of other types than these."""
    engine = declared(stack, preview=preview)
    for each in engine.all():
        waited_for = {engine.by_urn[urn].kind for urn in each.depends_on}
        assert waited_for <= (set() if each.is_component else WAITED_FOR), each.urn


@each_stack
@each_run
def test_nothing_waits_for_what_waits_for_it(stack: str, preview: bool) -> None:
    engine = declared(stack, preview=preview)
    done: set[str] = set()
    while ready := {
        urn
        for urn, each in engine.by_urn.items()
        if urn not in done and each.dependencies <= done
    }:
        done |= ready
    assert done == set(engine.by_urn)


def documents(engine: Engine) -> Iterator[tuple[Resource, dict[str, Any]]]:
    """Every policy document among the inputs, with its resource."""
    for resource in engine.all():
        for text in texts(dict(resource.inputs)):
            if '"Statement"' in text:
                yield resource, json.loads(text)


def statements(stack: str) -> list[tuple[Resource, dict[str, Any]]]:
    return [
        (resource, statement)
        for resource, document in documents(declared(stack))
        for statement in document["Statement"]
    ]


@each_stack
def test_every_policy_is_of_the_current_language(stack: str) -> None:
    found = list(documents(declared(stack)))
    assert found
    for resource, document in found:
        assert document["Version"] == "2012-10-17", resource.urn


@each_stack
def test_no_principal_is_everybody_without_a_condition(stack: str) -> None:
    for resource, statement in statements(stack):
        if statement["Effect"] == "Allow" and not statement.get("Condition"):
            assert "*" not in texts(statement.get("Principal")), resource.urn


@each_stack
def test_a_service_is_admitted_only_under_a_condition(stack: str) -> None:
    """But to a key, for which SES's conditions are undocumented, and to a role."""
    for resource, statement in statements(stack):
        service = "Service" in statement.get("Principal", {})
        if service and resource.kind not in ("kms/key:Key", "iam/role:Role"):
            assert statement["Condition"], resource.urn


@each_stack
def test_no_policy_has_a_gap(stack: str) -> None:
    def gaps(value: Any) -> bool:
        if isinstance(value, dict):
            return not value or any(map(gaps, value.values()))
        if isinstance(value, list):
            return not value or any(map(gaps, value))
        return value in (None, "", "null", "None")

    for resource, statement in statements(stack):
        assert not gaps(statement), resource.urn


@each_stack
def test_every_action_exists_for_the_service_of_its_resource(stack: str) -> None:
    for resource, statement in statements(stack):
        actions = statement["Action"]
        for action in [actions] if isinstance(actions, str) else actions:
            service = action.partition(":")[0]
            assert action in ACTIONS[service], resource.urn
            if resource.kind == "iam/role:Role":
                assert service == "sts"
            elif resource.kind == "kms/key:Key":
                assert (service, statement["Resource"]) == ("kms", "*")
            else:
                for target in texts([statement["Resource"]]):
                    assert target.startswith(f"arn:aws:{service}:"), resource.urn


@each_stack
def test_a_whole_service_is_only_ever_denied(stack: str) -> None:
    for resource, statement in statements(stack):
        if resource.kind != "kms/key:Key" and statement["Effect"] == "Allow":
            actions = list(texts([statement["Action"]]))
            whole = [action for action in actions if action.endswith(":*")]
            assert not whole, resource.urn


@each_stack
@each_run
def test_no_output_is_used_as_text(stack: str, preview: bool) -> None:
    engine = declared(stack, preview=preview)
    for each in engine.all():
        for text in (each.name, *texts(dict(each.inputs))):
            assert "Output.apply" not in text, each.urn
            assert "__str__" not in text, each.urn
    assert not [text for text in texts(engine.exports) if "__str__" in text]


def roles(engine: Engine) -> Iterator[tuple[Resource, str, str]]:
    """Each resource in a component with its role there, and the user's own name of it."""
    for resource in engine.all():
        outermost = resource
        while outermost.parent in engine.by_urn:
            outermost = engine.by_urn[outermost.parent]
        if outermost is not resource:
            ours = resource.name.removeprefix(f"{outermost.name}-")
            role, _, name = ours.partition("_")
            yield resource, role, name


@each_stack
def test_a_logical_name_is_component_role_and_the_users_name(stack: str) -> None:
    """`_` stands only before a name of the user's, which has none itself; a
    subscription has two, its channel's before its own."""
    for resource, role, name in roles(declared(stack)):
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", role), resource.urn
        assert re.fullmatch(r"|[a-z][a-z0-9-]*(_[a-z][a-z0-9-]*)?", name), resource.urn


def test_no_role_ends_in_another_of_the_same_type() -> None:
    """Else `a` with role `b-c` would meet `a-b` with role `c`."""
    by_type: defaultdict[str, set[str]] = defaultdict(set)
    for stack in STACKS:
        for resource, role, _ in roles(declared(stack)):
            by_type[resource.type].add(role)
    assert len(by_type["aws:sqs/queue:Queue"]) > 1
    for type_, found in by_type.items():
        for one, other in permutations(found, 2):
            assert not one.endswith(f"-{other}"), f"{type_}: {one} and {other}"


def test_the_names_of_event_destinations_do_not_meet() -> None:
    """They are unique in a set, so a channel's name must not make one of ours."""
    names = {
        each.inputs["eventDestinationName"]
        for stack in STACKS
        for each in declared(stack).all(
            "sesv2/configurationSetEventDestination:ConfigurationSetEventDestination"
        )
    }
    ours = {name for name in names if "_" not in name}
    assert ours == {"metrics", "dimensions", "event-log"}
    assert all(name.startswith("channel_") for name in names - ours)


@each_stack
@each_run
def test_the_program_asks_aws_at_most_three_things(stack: str, preview: bool) -> None:
    assert len(declared(stack, preview=preview).calls) <= 3


# Files


FOLDERS = (
    "components",
    "functions",
    "sandbox",
    "commands",
    "collector/ses_feedback_collector",
)

THIRD_PARTY = {"pulumi", "pulumi_aws", "pydantic", "yaml"}
"""What the program may import besides itself and the standard library."""


def sources(*folders: str) -> dict[str, ast.Module]:
    """Each Python file below these folders, by its path."""
    return {
        path.relative_to(ROOT).as_posix(): ast.parse(path.read_text())
        for folder in folders
        for path in sorted((ROOT / folder).rglob("*.py"))
    }


def imported(tree: ast.Module) -> set[str]:
    """The modules that a file imports, with the names that it imports from them."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "imports are absolute"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def importers(folder: str, *modules: str) -> dict[str, set[str]]:
    """The files of a folder that import one of the modules or what is in them."""
    found = {
        path: {
            name
            for name in imported(tree)
            if any(f"{name}.".startswith(f"{module}.") for module in modules)
        }
        for path, tree in sources(folder).items()
    }
    return {path: names for path, names in found.items() if names}


@pytest.mark.parametrize("path", ["__main__.py", *sources("components")])
def test_the_program_imports_only_what_it_may(path: str) -> None:
    roots = {name.partition(".")[0] for name in imported(parsed(path))}
    assert roots - set(sys.stdlib_module_names) <= {"components"} | THIRD_PARTY


@pytest.mark.parametrize(
    ("folder", "modules"),
    [
        pytest.param("components", ["sandbox", "commands"], id="components"),
        pytest.param("sandbox", ["components.routing"], id="sandbox, routing"),
        pytest.param("sandbox", ["commands"], id="sandbox, commands"),
    ],
)
def test_a_folder_does_not_import(folder: str, modules: list[str]) -> None:
    assert importers(folder, *modules) == {}


def test_the_import_rules_see_what_is_imported() -> None:
    assert "components/settings/__init__.py" in importers(
        "components", "components.routing"
    )


def test_only_the_settings_read_the_configuration() -> None:
    readers = {
        path
        for path, tree in sources("components").items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute | ast.alias)
        and "Config" in (getattr(node, "attr", ""), getattr(node, "name", ""))
    }
    assert readers
    assert all(path.startswith("components/settings/") for path in readers)


def test_the_program_hands_its_configuration_on_unread() -> None:
    (call,) = (
        node
        for node in ast.walk(parsed("__main__.py"))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Settings.load"
    )
    assert ast.unparse(call) == "Settings.load(pulumi.Config(NAMESPACE), account)"
    assert (ROOT / "__main__.py").read_text().count("Config") == 1


def parsed(path: str) -> ast.Module:
    return ast.parse((ROOT / path).read_text())


@pytest.mark.parametrize("path", sources("components"))
def test_annotations_in_components_are_evaluated(path: str) -> None:
    """Pulumi reads them: as texts they would say nothing to it."""
    assert "__future__.annotations" not in imported(parsed(path))


def test_no_output_is_made_a_resource_in_apply() -> None:
    """What `apply` makes is absent from a preview."""
    for path, tree in sources("components").items():
        for call in ast.walk(tree):
            if isinstance(call, ast.Call) and ast.unparse(call.func).endswith(".apply"):
                made = [
                    ast.unparse(node.func)
                    for argument in call.args
                    for node in ast.walk(argument)
                    if isinstance(node, ast.Call)
                ]
                assert not [name for name in made if name.startswith("aws.")], path


TESTED_AS_ONE = ("sandbox/apply", "collector/ses_feedback_collector/migrations")
"""Folders of one kind of thing, with one test file for all of them."""


def mirror(path: str) -> str:
    """The test file of a source file: its path with `_`, but for `components`.

    components/channel.py: test_channel.py; components/settings/queues.py:
    test_settings_queues.py; collector/ses_feedback_collector/parsing.py:
    test_collector_parsing.py. A package's `__init__` is the package's own file.
    """
    for folder in TESTED_AS_ONE:
        if path.startswith(f"{folder}/"):
            path = folder
    parts = Path(path).with_suffix("").parts
    unsaid = ("__init__", "components", "ses_feedback_collector")
    names = [part.strip("_") for part in parts if part not in unsaid]
    return f"test_{'_'.join(names)}.py"


WITHOUT_SOURCE = {
    "test_benchmarks.py": "benchmarks/",
    "test_collector_examples.py": "collector/examples/, and the README's way to them",
    "test_collector_reliability.py": "what the collector promises in trouble",
    "test_collector_running.py": "the collector's Dockerfile and systemd unit",
    "test_contracts.py": "what holds for every component and file",
    "test_permissions.py": "who may do what with which resource",
    "test_policy_documents.py": "the policies of every stack",
    "test_program.py": "__main__.py over the stack files",
    "test_properties.py": "what arrives in the sandbox, against components/routing.py",
    "test_readme.py": "README.md",
    "test_refusals.py": "the table of refusals",
    "test_sandbox_apply_event_log.py": "the part of sandbox/apply/ for the event log",
    "test_setup.py": "scripts/setup, and the requirements files",
}
"""Test files of something other than one Python file."""


def with_code() -> set[str]:
    """The source files that hold more than a docstring."""
    return {
        path
        for path, tree in sources(*FOLDERS).items()
        if any(not isinstance(node, ast.Expr) for node in tree.body)
    }


@pytest.mark.parametrize("path", sorted(with_code()))
def test_every_source_file_has_its_test_file(path: str) -> None:
    assert (ROOT / "tests" / mirror(path)).is_file(), mirror(path)


def test_every_test_file_has_its_source() -> None:
    tests = {path.name for path in (ROOT / "tests").glob("test_*.py")}
    helpers = {
        f"test_{path.name}"
        for path in (ROOT / "tests").glob("*.py")
        if not path.name.startswith("test_")
    }
    mirrors = {mirror(path) for path in with_code()}
    assert tests - mirrors - helpers == set(WITHOUT_SOURCE) & tests
