"""What groups of a directory give: roles add up, limits stay, and nobody is of two units."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.directory.grants import GrantError, grants_of
from central.directory.settings import GroupSettings
from central.people.permissions import Role

DISPATCH = GroupSettings(group="dispatch", roles=(Role.DISPATCHER,))
AUDIT = GroupSettings(group="audit", roles=(Role.AUDITOR,))
TOWN = GroupSettings(group="town", roles=(Role.OPERATOR,), areas=("yangming",))
SQUAD = GroupSettings(group="squad", roles=(Role.UNIT_OFFICER,), unit="squad-1")
POLICE = GroupSettings(group="police", unit="traffic-police")
ALL = (DISPATCH, AUDIT, TOWN, SQUAD, POLICE)


def test_who_is_limited_to_a_town_is_so_in_every_role():
    assert grants_of(ALL, {"town", "audit"}).areas == ("yangming",)
    assert grants_of(ALL, {"town", "audit"}).roles == (Role.AUDITOR, Role.OPERATOR)


def test_who_is_in_groups_of_two_units_is_nobody():
    assert grants_of(ALL, {"squad"}).unit_id == "squad-1"
    with pytest.raises(GrantError, match="squad-1, traffic-police"):
        grants_of(ALL, {"squad", "police"})


@given(st.sets(st.sampled_from([each.group for each in ALL if each is not POLICE] + ["chess"])))
def test_another_group_takes_no_role_and_widens_no_limit(groups):
    alone = grants_of(ALL, groups)
    for more in ("audit", "town", "chess"):
        both = grants_of(ALL, groups | {more})
        assert set(alone.roles) <= set(both.roles)
        assert not alone.areas or both.areas
    assert not grants_of(ALL, {"chess"}).roles
