"""The forms of credentials."""

from components.credentials import Credentials


def test_the_forms_and_which_of_them_have_keys() -> None:
    assert {form.value: form.has_keys for form in Credentials} == {
        "stackOutput": True,
        "pgp": True,
        "secretsManager": True,
        "role": False,
        "none": False,
    }
