from __future__ import annotations

from gateway.access.sign_in_limit import PER_ADDRESS, PER_NAME, WINDOW_S, SignInLimit


def test_a_name_is_tried_so_often_and_then_waits() -> None:
    limit = SignInLimit()
    assert [limit.tried("ani", f"10.0.0.{n}", 100.0 + n) for n in range(PER_NAME)] == [0.0] * PER_NAME
    assert limit.tried("ani", "10.0.0.99", 110.0) == WINDOW_S - 10.0
    assert limit.tried("budi", "10.0.0.99", 110.0) == 0.0


def test_an_address_is_tried_from_so_often_and_then_waits() -> None:
    limit = SignInLimit()
    assert [limit.tried(f"name{n}", "10.0.0.1", 100.0) for n in range(PER_ADDRESS)] == [0.0] * PER_ADDRESS
    assert limit.tried("another", "10.0.0.1", 101.0) == WINDOW_S - 1.0
    assert limit.tried("another", "10.0.0.2", 101.0) == 0.0


def test_the_window_slides() -> None:
    limit = SignInLimit()
    for n in range(PER_NAME):
        limit.tried("ani", "10.0.0.1", 100.0 + n)
    assert limit.tried("ani", "10.0.0.1", 100.0 + WINDOW_S) == 0.0
    assert limit.tried("ani", "10.0.0.1", 100.0 + WINDOW_S) == 1.0


def test_a_refused_try_does_not_lengthen_the_wait() -> None:
    limit = SignInLimit()
    for _ in range(PER_NAME):
        limit.tried("ani", "10.0.0.1", 100.0)
    waits = [limit.tried("ani", "10.0.0.1", 100.0 + later) for later in (1, 2, 3)]
    assert waits == [WINDOW_S - 1, WINDOW_S - 2, WINDOW_S - 3]


def test_who_signs_in_begins_anew_and_costs_the_address_nothing() -> None:
    limit = SignInLimit()
    for _ in range(PER_ADDRESS * 3):
        assert limit.tried("ani", "10.0.0.1", 100.0) == 0.0
        limit.succeeded("ani", "10.0.0.1")


def test_a_stranger_who_tries_a_name_locks_nobody_out_of_the_desk_where_its_owner_sits() -> None:
    limit = SignInLimit()
    assert limit.tried("sari", "10.0.0.1", 100.0) == 0.0
    limit.succeeded("sari", "10.0.0.1")
    for _ in range(PER_NAME):
        limit.tried("sari", "10.0.0.66", 101.0)
    assert limit.tried("sari", "10.0.0.66", 102.0) > 0
    assert limit.tried("sari", "10.0.0.2", 102.0) > 0
    assert limit.tried("sari", "10.0.0.1", 102.0) == 0.0


def test_at_the_owners_own_desk_tries_are_counted_too() -> None:
    limit = SignInLimit()
    limit.tried("sari", "10.0.0.1", 100.0)
    limit.succeeded("sari", "10.0.0.1")
    waits = [limit.tried("sari", "10.0.0.1", 101.0) for _ in range(PER_NAME + 1)]
    assert waits == [0.0] * PER_NAME + [WINDOW_S]


def test_made_up_names_do_not_fill_the_memory() -> None:
    limit = SignInLimit()
    for n in range(10_000):
        limit.tried(f"name{n}", f"10.0.{n // 256}.{n % 256}", 100.0)
    assert len(limit.names._of) == len(limit.addresses._of) == 4_096
