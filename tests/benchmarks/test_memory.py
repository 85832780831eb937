"""A data set larger than memory: what a run does with it leaves the pixels in their file."""

import gc

from akshar.benchmarks.memory import MB, measure

SIDE = 256
COUNT = 1020  # 200 MB of pixels


def test_anonymous_memory_does_not_grow_with_the_pixels(tmp_path):
    gc.collect()
    steps = measure(COUNT, SIDE, tmp_path, batch_size=16)
    assert [step.images for step in steps] == [1020, 1020, 1020, 730, 80]
    assert {step.name: step.growth for step in steps if step.growth > 50 * MB} == {}
