"""The stop file and the GPUs of parallel jobs."""

import os
import signal

from akshar.sweeps import workers
from akshar.sweeps.workers import StopFile, is_orphan, take_gpu


def test_a_stop_request_carries_its_signal(tmp_path):
    stop, other = StopFile(tmp_path), StopFile(tmp_path)
    assert stop.requested() is None
    other.request(signal.SIGINT)
    assert stop.requested() == signal.SIGINT
    stop.path.write_text("")  # a damaged file
    assert stop.requested() == signal.SIGTERM
    stop.clear()
    stop.clear()
    assert other.requested() is None


def test_a_worker_whose_parent_died_stops(tmp_path, monkeypatch):
    monkeypatch.setattr(workers, "_parent", None)
    assert not is_orphan()
    monkeypatch.setattr(os, "getppid", lambda: 1)
    assert is_orphan()
    assert StopFile(tmp_path).requested_of_worker() == signal.SIGTERM
    assert StopFile(tmp_path).requested() is None  # whoever started it may close the terminal


def test_gpus_are_taken_in_turn(tmp_path, monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(workers, "_gpu_lock", None)
    take_gpu(tmp_path, 1)
    assert "CUDA_VISIBLE_DEVICES" not in os.environ
    locks = []
    for expected in ("0", "1", "0"):
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
        monkeypatch.setattr(workers, "_gpu_lock", None)
        take_gpu(tmp_path, 2)
        locks.append(workers._gpu_lock)
        assert os.environ["CUDA_VISIBLE_DEVICES"] == expected
    for lock in locks:
        lock.release()
