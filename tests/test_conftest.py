"""The gaps and empty files that conftest.py reports, in test runs of their own."""

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]


@pytest.fixture
def run(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makeconftest(Path(__file__).with_name("conftest.py").read_text())
    return pytester


NEEDS_A_BROWSER = """
    import pytest

    @pytest.mark.needs("sh", "no-such-browser")
    def test_page():
        raise AssertionError("never reached")

    def test_other():
        pass
"""


@pytest.mark.parametrize("processes", [(), ("-n", "2")], ids=["one", "two"])
def test_a_missing_command_leaves_its_test_out_and_the_summary_names_it(
    run: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    processes: tuple[str, ...],
) -> None:
    monkeypatch.delenv("CI", raising=False)
    run.makepyfile(test_pages=NEEDS_A_BROWSER)
    result = run.runpytest("--strict-markers", *processes)
    result.assert_outcomes(passed=1, skipped=1)
    result.stdout.fnmatch_lines(
        ["left out: test_pages.py::test_page needs no-such-browser on the PATH"]
    )


def test_in_ci_a_missing_command_fails_its_test(
    run: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    run.makepyfile(test_pages=NEEDS_A_BROWSER)
    result = run.runpytest("--strict-markers")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["needs no-such-browser on the PATH"])


def test_a_command_that_is_there_runs_its_test(
    run: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CI", raising=False)
    run.makepyfile("import pytest\n@pytest.mark.needs('sh')\ndef test_it(): pass")
    result = run.runpytest("--strict-markers")
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("left out*")


def test_a_name_with_a_slash_is_a_file_of_the_checkout(
    run: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CI", raising=False)
    needs = "import pytest\n@pytest.mark.needs({})\ndef test_it(): pass"
    run.makepyfile(
        test_there=needs.format(f"'{run.path.name}/conftest.py'"),
        test_fetched=needs.format("'sh', 'no-such-shell', '.tools/no-such-server'"),
    )
    result = run.runpytest("--strict-markers")
    result.assert_outcomes(passed=1, skipped=1)
    result.stdout.fnmatch_lines(
        ["left out: *needs no-such-shell on the PATH and .tools/no-such-server"]
    )


def test_a_test_file_without_tests_fails_the_run(run: pytest.Pytester) -> None:
    run.makepyfile(test_empty="def check_nothing(): ...", test_full="def test_it(): 0")
    result = run.runpytest()
    assert result.ret != pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["*test_empty.py holds no test*"])


def test_no_tests_stand_in_files_that_pytest_does_not_read() -> None:
    folder = Path(__file__).parent
    unread = [
        path.name
        for path in folder.rglob("*.py")
        if not path.name.startswith("test_") and "\ndef test_" in path.read_text()
    ]
    assert not unread, "pytest collects test_*.py alone"
