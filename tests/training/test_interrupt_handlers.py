"""Signals: deferred during training, obeyed elsewhere, handlers restored."""

import os
import signal
import threading

import pytest

from akshar.errors import Interrupted
from akshar.training.interrupts import SIGNALS, Interrupts


def send(number):
    os.kill(os.getpid(), number)


@pytest.fixture(autouse=True)
def restored():
    before = {number: signal.getsignal(number) for number in SIGNALS}
    yield
    assert {number: signal.getsignal(number) for number in SIGNALS} == before


@pytest.mark.parametrize("number", SIGNALS)
def test_outside_of_training_a_signal_stops_immediately(number):
    with pytest.raises(Interrupted) as caught, Interrupts():
        send(number)
    assert caught.value.signal_number == number


def test_during_training_the_first_signal_waits_until_the_end():
    reported, done = [], []

    def train():
        with Interrupts(on_request=reported.append) as interrupts:
            with interrupts.deferred():
                send(signal.SIGTERM)
                assert interrupts.received == signal.SIGTERM
                done.append("step")
            done.append("never")

    with pytest.raises(Interrupted) as caught:
        train()
    assert caught.value.exit_code == 143
    assert (reported, done) == ([signal.SIGTERM], ["step"])


def test_a_signal_of_a_scheduler_that_comes_twice_waits_like_one():
    reported, done = [], []

    def train():
        with Interrupts(on_request=reported.append) as interrupts, interrupts.deferred():
            send(signal.SIGUSR2)
            send(signal.SIGTERM)
            send(signal.SIGTERM)
            done.append("saved")

    with pytest.raises(Interrupted, match="SIGUSR2"):  # the first one counts
        train()
    assert (reported, done) == ([signal.SIGUSR2], ["saved"])


def test_a_second_ctrl_c_stops_immediately():
    done = []

    def train():
        with Interrupts() as interrupts, interrupts.deferred():
            send(signal.SIGTERM)
            done.append("first")
            send(signal.SIGINT)
            done.append("second")

    with pytest.raises(Interrupted) as caught:
        train()
    assert done == ["first"]
    assert caught.value.exit_code == 130


def test_another_process_or_a_caller_can_ask():
    interrupts = Interrupts()
    interrupts.obey()
    interrupts.ask(signal.SIGUSR1)
    interrupts.ask(signal.SIGINT)  # the first one counts
    with pytest.raises(Interrupted, match="SIGUSR1"):
        interrupts.obey()
    with pytest.raises(Interrupted, match="SIGTERM"):
        Interrupts(stop_requested=lambda: signal.SIGTERM).obey()


def test_an_error_during_training_is_not_hidden_by_a_waiting_signal():
    def train():
        with Interrupts() as interrupts, interrupts.deferred():
            send(signal.SIGTERM)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        train()


def test_in_a_thread_no_handler_is_installed():
    taken = []
    thread = threading.Thread(target=lambda: taken.append(Interrupts().take_signals()))
    thread.start()
    thread.join()
    assert taken == [{}]
