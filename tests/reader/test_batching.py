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

    begun, released = threading.Event(), threading.Event()

    def held(characters):
        begun.set()
        assert released.wait(60)
        return reader.read_framed(characters)

    async def ask():
        batcher = Batcher(held, largest=16)
        asked = [asyncio.create_task(batcher.read([placed(slant)] * (slant % 3))) for slant in range(40)]
        assert await asyncio.to_thread(begun.wait, 60)
        asked[7].cancel()
        released.set()
        answers = await asyncio.gather(*asked, return_exceptions=True)
        batcher.close()
        return answers, list(batcher.sizes)

    answers, sizes = asyncio.run(ask())
    assert [slant for slant, answer in enumerate(answers) if isinstance(answer, BaseException)] == [7]
    for slant, answer in enumerate(answers):
        if not isinstance(answer, BaseException):
            assert [one.letter for one in answer] == [reader.read(picture(slant)).letter] * (slant % 3)
    assert max(sizes) == 16
    assert len(sizes) <= 4


def test_a_failing_network_fails_only_its_batch():
    reader = Reader(InkPredictor())
    calls = []

    def read(characters):
        calls.append(len(characters))
        if len(calls) == 1:
            raise RuntimeError("no memory")
        return reader.read_framed(characters)

    async def ask():
        batcher = Batcher(read)
        with pytest.raises(RuntimeError, match="no memory"):
            await batcher.read([placed(3)])
        (answer,) = await batcher.read([placed(3)])
        batcher.close()
        return answer

    assert asyncio.run(ask()).letter == reader.read(picture(3)).letter
