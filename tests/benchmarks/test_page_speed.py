"""How fast `akshar draw` answers: beside the reader without a server, and beside itself with one client."""

import asyncio
import logging
import statistics
import time

import httpx2
import pytest
from browser import DESKTOP, opened
from conftest import WEIGHTS
from drawing import picture, served, write

import akshar

WRITTEN = "क ल ढ फ ठ भ ण ४ २ ०"
ANSWERED = "() => ['read', 'unsure'].includes(document.getElementById('answer').dataset.state)"
pytestmark = [pytest.mark.slow, pytest.mark.timing]


@pytest.fixture(scope="module")
def server(own_cache):
    with served(WEIGHTS, "--rate", "0") as server:
        yield server


@pytest.fixture(scope="module")
def reading_ms():
    """Milliseconds of an answer without a server, of a picture as the page sends it."""
    reader, content = akshar.load(WEIGHTS), picture(size=256)
    times = []
    for _ in range(50):
        start = time.perf_counter()
        reader.read(content)
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times)


def test_an_answer_on_the_page_takes_little_more_than_the_reader(server, reading_ms):
    """The page also sends while a stroke is drawn, so an answer may wait for others: hence the ninth decile."""
    with opened(server.url, DESKTOP) as page:
        for letter in WRITTEN.split():
            write(page, letter)
            page.wait_for_function(ANSWERED)
            page.keyboard.press("Escape")
        entries = "performance.getEntriesByType('resource')"
        times = sorted(
            page.evaluate(f"() => {entries}.filter(e => e.name.endsWith('/predict')).map(e => e.duration)")
        )
    p50, p90 = statistics.median(times), times[int(0.9 * len(times))]
    print(f"{len(times)} answers while writing: p50 {p50:.0f} ms, p90 {p90:.0f} ms; the reader {reading_ms:.1f} ms")
    assert p90 <= 20 * reading_ms


def test_fifty_at_once_lose_nothing_and_wait_for_their_turn_alone(server, reading_ms):
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    clients, each = 50, 10
    contents = [picture(slant, size=256) for slant in range(clients)]

    async def send(client, content, times, answers):
        for _ in range(each):
            start = time.perf_counter()
            response = await client.post(
                f"{server.url}predict", content=content, headers={"Content-Type": "image/png"}
            )
            times.append(1000 * (time.perf_counter() - start))
            answers.append((response.status_code, response.json()["guesses"][0]["class_name"]))

    async def send_all(count):
        times, answers = [], [[] for _ in range(count)]
        async with httpx2.AsyncClient(limits=httpx2.Limits(max_connections=count), timeout=120) as client:
            await asyncio.gather(*(send(client, contents[n], times, answers[n]) for n in range(count)))
        return sorted(times), answers

    alone, _ = asyncio.run(send_all(1))
    times, answers = asyncio.run(send_all(clients))
    assert len(times) == clients * each
    assert all(answer == own[0] and answer[0] == 200 for own in answers for answer in own)
    one, p50, p99 = statistics.median(alone), statistics.median(times), times[int(0.99 * len(times))]
    print(f"reader {reading_ms:.1f} ms, one client p50 {one:.1f} ms; {clients} p50 {p50:.0f} ms, p99 {p99:.0f} ms")
    assert one <= 20 * reading_ms
    assert p50 <= 1.5 * clients * one
    assert p99 <= 3 * clients * one
