"""What `akshar train` imports and computes before its first step, beside importing torch and Lightning alone."""

import pytest

from akshar.benchmarks.start import Start, measure_libraries, measure_start

# Installed with an extra, or by other packages: a run that does not use them must not import them
UNUSED = {
    *("IPython", "cmaes", "fastapi", "joblib", "mlflow", "onnx", "onnxruntime", "onnxscript", "optuna", "pandas"),
    *("safetensors", "sklearn", "sqlalchemy", "submitit", "tensorflow", "uvicorn", "wandb"),
}


@pytest.fixture(scope="module")
def start(own_cache: None) -> Start:
    """A short run up to its first step; takes seconds, nearly all of them to import torch and Lightning."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")  # threads that wait for one another use the processor too
        return measure_start()


def test_before_its_first_step_a_run_imports_nothing_that_it_does_not_use(start):
    assert {"torch", "pytorch_lightning", "tensorboard"} <= start.packages
    assert not UNUSED & start.packages


def test_importing_does_not_search_for_garbage(start):
    assert start.collections <= 3  # importing torch and Lightning alone: 7


@pytest.mark.slow
@pytest.mark.timing
def test_a_run_starts_in_twice_the_time_of_importing_torch_and_lightning(start):
    alone = measure_libraries()
    times = start.without_data / alone.without_data
    print({phase: f"{seconds:.2f} s" for phase, seconds in start.seconds.items()}, f"{times:.2f} times")
    assert times <= 2
    assert sum(map(len, start.modules.values())) <= 1.3 * sum(map(len, alone.modules.values()))
