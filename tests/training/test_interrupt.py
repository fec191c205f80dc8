"""The first Ctrl-C asks, the second insists."""

from __future__ import annotations

import signal
import threading

import pytest

from dqn_fast.training.interrupt import InterruptFlag


@pytest.fixture(autouse=True)
def default_handler() -> object:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_the_first_sets_the_flag_and_the_second_raises() -> None:
    with InterruptFlag() as interrupted:
        assert not interrupted()
        signal.raise_signal(signal.SIGINT)
        assert interrupted()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert interrupted()


@pytest.mark.usefixtures("heeds_sighup")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_other_signals_are_the_same_request(number: signal.Signals) -> None:
    before = signal.getsignal(number)  # torchrl, once imported, has a handler of its own
    with InterruptFlag() as interrupted:
        signal.raise_signal(number)
        assert interrupted()
        assert signal.getsignal(number) is before
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_signal_that_is_ignored_stays_so() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
    try:
        with InterruptFlag() as interrupted:
            signal.raise_signal(signal.SIGHUP)
        assert not interrupted()
    finally:
        signal.signal(signal.SIGHUP, before)


def test_afterwards_it_is_as_before() -> None:
    with InterruptFlag() as interrupted:
        pass
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    assert not interrupted()


def test_other_threads_get_a_flag_that_stays_down() -> None:
    flags = []

    def use() -> None:
        with InterruptFlag() as interrupted:
            flags.append(interrupted())

    thread = threading.Thread(target=use)
    thread.start()
    thread.join()
    assert flags == [False]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
