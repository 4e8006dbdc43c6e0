"""Threads that the system does not let start, and BLAS, which is left as it was found."""

from __future__ import annotations

import threading
from concurrent.futures import CancelledError
from itertools import pairwise

import numpy as np
import pytest

from support.networks import composed
from support.records import flat
from weightinit_cli.activations import ACTIVATIONS
from weightinit_cli.initializers import INITIALIZERS, Fans
from weightinit_cli.network import Dense, Request, backward, blas, forward
from weightinit_cli.network.threads import Threads
from weightinit_cli.network.workers import ignore_work, one_blas_thread, workers


def passes(threads):
    """The records of both passes over three blocks of inputs."""
    layers = tuple(
        Dense(fan_in, fan_out, INITIALIZERS["he_normal"].build(Fans(fan_in, fan_out)), None)
        for fan_in, fan_out in pairwise((30, 800, 700))
    )
    net = composed(layers, ACTIVATIONS["tanh"].build(), 1500, np.dtype("float32"), 0)
    trace = []
    records = list(forward(net, Request(20, None, 0.05), threads, trace=trace))
    return flat([records, list(backward(net, trace, threads))])


@pytest.fixture
def startable(monkeypatch):
    """Let so many more threads start; returns the list of those that did."""

    def limit(number):
        started = []

        def start(thread):
            if len(started) >= number:
                raise RuntimeError("can't start new thread")
            started.append(thread)
            return begin(thread)

        begin = threading.Thread.start
        monkeypatch.setattr(threading.Thread, "start", start)
        return started

    return limit


@pytest.mark.parametrize("number", [0, 1, 2])
def test_with_fewer_threads_than_wanted_no_bit_changes(number, startable):
    expected = passes(threads=1)
    started = startable(number)
    assert passes(threads=5) == expected
    assert len(started) == number


def test_threads_fail_later_than_the_first(startable):
    """Between two passes the system may have become full."""
    with workers(4, ignore_work) as apply:
        startable(0)
        assert apply(abs, range(-20, 0)) == list(range(20, 0, -1))


def test_no_more_threads_than_work(startable):
    started = startable(1000)
    with workers(1000, ignore_work) as apply:
        for _ in range(10):
            assert apply(abs, [-1, -2, -3]) == [1, 2, 3]
    assert len(started) <= 3


def test_all_threads_are_at_work_at_the_same_time():
    together = threading.Barrier(4, timeout=60)
    with workers(4, ignore_work) as apply:
        assert len(apply(lambda _: together.wait(), range(4))) == 4
        assert len(apply(lambda _: together.wait(), range(8))) == 8


@pytest.mark.parametrize("threads", [1, 3])
def test_an_error_ends_the_work(threads):
    begun = []

    def fail(number):
        begun.append(number)
        raise ValueError(number)

    before = threading.active_count()
    with pytest.raises(ValueError, match="0"), workers(threads, ignore_work) as apply:
        apply(fail, range(3_000))
    assert len(begun) < 3_000
    assert threading.active_count() == before


def test_an_interruption_while_it_is_told_ends_the_work():
    begun = []
    told = threading.Event()

    def interrupt(cost):
        told.set()
        raise KeyboardInterrupt

    def work(number):
        begun.append(number)
        if number:
            told.wait()

    with pytest.raises(KeyboardInterrupt), workers(2, interrupt) as apply:
        apply(work, range(3_000))
    assert len(begun) < 3_000


def test_what_was_cancelled_says_so():
    gate = threading.Event()
    pool = Threads(1)
    first, second = pool.submit(gate.wait), pool.submit(abs, -1)
    while not first.running():
        pass
    pool.shutdown(wait=False, cancel_futures=True)
    gate.set()
    pool.shutdown()
    assert first.result() is True
    with pytest.raises(CancelledError):
        second.result()


def blas_threads():
    return [library["num_threads"] for library in blas().info() if library["user_api"] == "blas"]


@pytest.fixture
def two_blas_threads():
    """As a host has set it, by its own thread."""
    with blas().limit(limits=2, user_api="blas"):
        found = blas_threads()
        if 2 not in found:
            pytest.skip("this BLAS has one thread")
        yield found


def test_limits_that_overlap_leave_blas_as_it_was(two_blas_threads):
    """The second begins before the first ends, and ends after it."""
    first, second = workers(1, ignore_work), workers(1, ignore_work)
    first.__enter__()
    second.__enter__()
    assert set(blas_threads()) == {1}
    first.__exit__(None, None, None)
    assert set(blas_threads()) == {1}
    second.__exit__(None, None, None)
    assert blas_threads() == two_blas_threads


def test_the_limit_is_one_for_all_threads(two_blas_threads):
    inside = threading.Barrier(9, timeout=60)

    def hold():
        with one_blas_thread():
            inside.wait()
            inside.wait()

    holders = [threading.Thread(target=hold) for _ in range(8)]
    for holder in holders:
        holder.start()
    inside.wait()
    assert set(blas_threads()) == {1}
    inside.wait()
    for holder in holders:
        holder.join()
    assert blas_threads() == two_blas_threads
    with blas().limit(limits=1, user_api="blas"):
        assert set(blas_threads()) == {1}  # the host's own limits work as before
    assert blas_threads() == two_blas_threads


def test_a_pass_that_is_given_up_leaves_blas_as_it_was(two_blas_threads):
    layers = (Dense(5, 5, INITIALIZERS["he_normal"].build(Fans(5, 5)), None),)
    net = composed(layers, ACTIVATIONS["tanh"].build(), 10, np.dtype("float32"), 0)
    records = forward(net, Request(20, None, 0.05), 1)
    next(records)
    assert set(blas_threads()) == {1}
    records.close()
    assert blas_threads() == two_blas_threads
