import pytest

from booking_core import Actor, InvalidRequest, Role
from booking_core.testing.examples import a_contact


@pytest.mark.parametrize("role", [Role.CLIENT, Role.BUILDER])
@pytest.mark.parametrize("id_", [None, ""])
def test_a_client_and_a_builder_have_an_id(role: Role, id_: str | None) -> None:
    with pytest.raises(InvalidRequest):
        Actor(role, id_)


def test_nobody_else_needs_an_id() -> None:
    assert not Actor.anonymous("token").signed_in
    assert Actor(Role.ANONYMOUS, contact=a_contact()).contact == a_contact()
    assert Actor.admin().is_operator
    assert Actor.system().is_operator
