"""Requests that wait at the same time are read as one batch."""

import asyncio
import io
import threading

import numpy as np
import pytest
from drawing import InkPredictor, picture
from PIL import Image

from akshar.pictures.framing import frame_picture
from akshar.reader.page.batching import Batcher
from akshar.reader.reader import Reader


def placed(slant):
    grey = np.asarray(Image.open(io.BytesIO(picture(slant))), np.float32) / 255
    return frame_picture(grey, InkPredictor.input_spec)


def test_what_waits_meanwhile_is_one_batch():
    engine = InkPredictor()
    reader = Reader(engine)

    begun, released, sizes = threading.Event(), threading.Event(), []

    def held(characters):
        sizes.append(len(characters))
        begun.set()
        assert released.wait(60)
        return reader.classify(characters)

    async def ask():
        batcher = Batcher(held, largest=16)
        asked = [asyncio.create_task(batcher.classify([placed(slant)] * (slant % 3))) for slant in range(40)]
        assert await asyncio.to_thread(begun.wait, 60)
        asked[7].cancel()
        released.set()
        parts = await asyncio.gather(*asked, return_exceptions=True)
        batcher.close()
        return parts

    parts = asyncio.run(ask())
    assert [slant for slant, rows in enumerate(parts) if isinstance(rows, BaseException)] == [7]
    for slant, rows in enumerate(parts):
        if not isinstance(rows, BaseException):
            assert np.array_equal(rows, reader.classify([placed(slant)] * (slant % 3)))
    assert max(sizes) <= 17  # characters of 16 requests of 0, 1 and 2
    assert len(sizes) <= 4


def test_a_failing_network_fails_only_its_batch():
    reader = Reader(InkPredictor())
    calls = []

    def classify(characters):
        calls.append(len(characters))
        if len(calls) == 1:
            raise RuntimeError("no memory")
        return reader.classify(characters)

    async def ask():
        batcher = Batcher(classify)
        with pytest.raises(RuntimeError, match="no memory"):
            await batcher.classify([placed(3)])
        (row,) = await batcher.classify([placed(3)])
        batcher.close()
        return row

    assert np.array_equal(asyncio.run(ask()), *reader.classify([placed(3)]))
