import pytest

from sandbox import latest
from sandbox.latest import Latest


def test_the_oldest_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(latest, "MOST", 2)
    record: Latest[int] = Latest()
    record["a"] = [1]
    record["b"].append(2)
    record["c"].append(3)
    assert dict(record) == {"b": [2], "c": [3]}
