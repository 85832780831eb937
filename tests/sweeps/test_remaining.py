"""What is left to do of a grid, by its folders."""

import pytest
from conftest import TINY
from sweep_files import result

from akshar.config.compose import compose, composing
from akshar.config.schema import TrainConfig
from akshar.runs import load_data
from akshar.runs.run_dir import RunDir
from akshar.sweeps.remaining import Digests, job_key, remaining_jobs
from akshar.sweeps.sweep_dir import CLAIM
from akshar.sweeps.sweep_grid import check_jobs, launched_words


@pytest.fixture
def jobs():
    """Twelve jobs on two data sets."""
    words = [*TINY, "seed=range(0,6)", "data.glyph_seed=1,2"]
    with composing("train"):
        yield check_jobs(words, compose("train", words, TrainConfig, multirun=True).tree.hydra)


def end(sweep, folder, key, status="completed"):
    run_dir = RunDir(sweep / folder)
    run_dir.path.mkdir(parents=True)
    (run_dir.path / CLAIM).write_text(key)
    run_dir.write_status(status)
    if status == "completed":
        result().write(run_dir.result)


def test_all_jobs_of_a_new_sweep_are_left(jobs, tmp_path):
    assert [job.number for job in jobs] == [*range(12)]
    assert remaining_jobs(tmp_path / "missing", jobs) == jobs


def test_done_jobs_are_left_out_and_each_data_set_is_read_once(jobs, tmp_path, monkeypatch):
    digests = Digests()
    keys = [job_key(job.config, digests) for job in jobs]
    for number in range(8):
        end(tmp_path, str(number), keys[number])
    end(tmp_path, "8", f"{jobs[8].key}-0123456789ab")  # the same config on other data
    end(tmp_path, "named", keys[9], "interrupted")
    end(tmp_path, "10", "another-job")
    loaded = []
    load_images = load_data.load_images
    monkeypatch.setattr(load_data, "_loaded", {})
    monkeypatch.setattr(load_data, "load_images", lambda *given: loaded.append(given) or load_images(*given))
    left = remaining_jobs(tmp_path, jobs)
    assert [(job.number, job.folder) for job in left] == [(8, "12"), (9, "named"), (10, "13"), (11, None)]
    assert len(loaded) == 2


def test_a_job_is_launched_into_its_folder(jobs, tmp_path):
    with composing("train"):
        hydra = compose("train", ["hydra.sweep.subdir=run-${hydra.job.num}"], TrainConfig, multirun=True).tree.hydra
    end(tmp_path, "1", "another-job")
    left = remaining_jobs(tmp_path, jobs)
    assert launched_words(left[1], hydra)[0] == "hydra.sweep.subdir='12'"
    assert launched_words(left[2], hydra)[0] == "hydra.sweep.subdir='run-2'"


def test_a_damaged_result_is_left_to_its_job(jobs, tmp_path):
    end(tmp_path, "0", f"{jobs[0].key}-")
    (tmp_path / "0" / "result.json").write_text("{")
    assert len(remaining_jobs(tmp_path, jobs)) == 12
