from sandbox.cloud import Cloud
from sandbox.principals import signer
from sandbox.sessions import sts
from tests.emulated import ACCOUNT


def test_each_session_has_a_key_of_its_own_until_it_ends(cloud: Cloud) -> None:
    state = sts(ACCOUNT.id, "aws")
    lasts, short = state.begin(None, 900), state.begin(None, 0)
    assert short.has_ended
    assert not lasts.has_ended
    assert len({lasts.key_id, short.key_id}) == 2
    assert signer(ACCOUNT.id, "aws", short.key_id) is None
    found = signer(ACCOUNT.id, "aws", lasts.key_id)
    assert found is not None
    assert (found.secret, found.session_token) == (lasts.secret, lasts.token)


def test_sessions_that_have_ended_are_forgotten(cloud: Cloud) -> None:
    state = sts(ACCOUNT.id, "aws")
    state.begin(None, 0)
    kept = state.begin(None, 900)
    assert state.sessions == [kept]


def test_the_session_of_a_user_who_is_gone_is_nobodys(cloud: Cloud) -> None:
    cloud.client("iam").create_user(UserName="u")
    made = sts(ACCOUNT.id, "aws").begin("u", 900)
    assert signer(ACCOUNT.id, "aws", made.key_id) is not None
    cloud.client("iam").delete_user(UserName="u")
    assert signer(ACCOUNT.id, "aws", made.key_id) is None
