from datetime import timedelta

import pytest

from sandbox.pace import Pace


@pytest.mark.parametrize(("mails", "hours"), [(0, 1), (1, 1), (30, 8), (5000, 12)])
def test_the_clock_goes_on_with_each_mail(mails: int, hours: int) -> None:
    pace = Pace(mails)
    assert pace.range.end - pace.range.start == timedelta(hours=hours)
    seen = []
    for _ in range(mails):
        seen.append(pace())
        pace.go_on()
    assert seen == sorted(seen)
    assert len(set(seen)) == mails
    assert pace.range.start <= pace() < pace.range.end
