from dataclasses import replace
from typing import Any

import pytest

from components.settings import Settings, StackFile
from components.settings.channels import Protocol, misfit
from sandbox.stand_ins import secret_keys, stand_in, with_stand_ins
from tests.emulated import ACCOUNT
from tests.stacks import FILES

KEY = "ses-feedback:secretEndpoints"


@pytest.mark.parametrize("protocol", list(Protocol))
def test_a_stand_in_fits_its_protocol(protocol: Protocol) -> None:
    assert misfit(protocol, stand_in(protocol.value, "crm", ACCOUNT)) is None


def with_secrets(**values: Any) -> StackFile:
    file = StackFile.read(FILES["full"])
    return replace(file, config={**file.config, KEY: values})


def test_only_what_is_encrypted_is_replaced() -> None:
    clear = "https://user:pass@crm.example.com/ses"
    file = with_secrets(crm={"secure": "AAAB"}, other=clear)
    local, notes = with_stand_ins(file, Settings.check(file), ACCOUNT)
    assert local.config[KEY] == {"crm": "https://localhost/crm", "other": clear}
    assert notes == (f"{KEY}.crm: encrypted; https://localhost/crm stands in for it",)
    assert clear not in str(notes)


def test_two_numbers_are_not_the_same() -> None:
    numbers = {stand_in("sms", "pager", ACCOUNT, number) for number in range(3)}
    assert len(numbers) == 3
    assert {misfit(Protocol.SMS, number) for number in numbers} == {None}


def test_without_secrets_the_file_stays_as_it_is() -> None:
    file = StackFile.read(FILES["dev"])
    assert with_stand_ins(file, Settings.check(file), ACCOUNT) == (file, ())
    assert secret_keys(file.config) == ()


def test_secrets_that_are_written_as_json_text_hold_nothing_encrypted() -> None:
    file = StackFile.read(FILES["dev"])
    text = '{"crm": "https://crm.example.com/ses"}'
    file = replace(file, config={**file.config, KEY: text})
    assert with_stand_ins(file, Settings.check(file), ACCOUNT) == (file, ())


def test_a_key_with_something_encrypted_is_secret() -> None:
    assert secret_keys(with_secrets(crm={"secure": "AAAB"}).config) == (KEY,)
