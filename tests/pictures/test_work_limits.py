"""Pictures that ask for far more work than others of their size are refused at once; those of cameras are not."""

import io
import threading
import time
import zlib

import pytest
from conftest import make_folder
from hostile_pictures import jpeg, jpeg_with_scans, mpo, slow_pgm, tiff
from PIL import Image

from akshar.errors import DataError
from akshar.pictures import work_limits
from akshar.pictures.decode import TooManyPixels, decode
from akshar.pictures.decoder_pool import DecoderPool
from akshar.pictures.work_limits import SCANS, LimitedFile, count_scans

HOSTILE = {
    "a JPEG of 2,000 scans": (
        lambda: jpeg_with_scans(2000, 1000, 1000),
        "a JPEG of more than 100 scans, which takes too long to decode",
    ),
    "a JPEG of 50 megapixels and 60 scans": (
        lambda: jpeg_with_scans(60, 7000, 7000),
        "a JPEG of more than 20 scans, which takes too long to decode",
    ),
    "a JPEG of 100,000 segments": (
        lambda: jpeg()[:-2] + b"\xff\xfe\0\2" * 100_000 + b"\xff\xd9",
        "a JPEG of more than 10,000 segments, which takes too long to decode",
    ),
    "an MPO, of two lenses, of 2,000 scans": (
        lambda: mpo(jpeg_with_scans(2000)),
        "a JPEG of more than 100 scans, which takes too long to decode",
    ),
    "a TIFF with a JPEG of 2,000 scans in it": (
        lambda: tiff(64, 64, 7, [jpeg_with_scans(2000)]),
        "a JPEG of more than 100 scans, which takes too long to decode",
    ),
    "a TIFF of 8 x 8 pixels with a tile of 30,000 x 30,000": (
        lambda: tiff(8, 8, 8, [zlib.compress(bytes(9000))], tile=(30_000, 30_000)),
        "a TIFF with tiles of 30000 x 30000 pixels",
    ),
    "a TIFF of 200,000 strips": (
        lambda: tiff(8, 200_000, 1, [bytes(8)], repeat=200_000, rows=1),
        "a TIFF of 200,000 parts, more than the 100,000 allowed",
    ),
    "a PPM in text with 500,000 comments": (
        lambda: b"P2 1000 1000 255\n" + b"#\n" * 500_000,
        "500,000 comments, more than the 1,000 allowed",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_picture_that_asks_for_too_much_work_is_refused_at_once(name, tmp_path, fault):
    make, message = HOSTILE[name]
    path = tmp_path / "evil"
    path.write_bytes(make())
    for picture, named in ((path, str(path)), (path.read_bytes(), "picture")):
        start = time.thread_time()
        with pytest.raises(DataError) as caught:
            decode(picture)
        assert str(caught.value) == f"{named}: {message}"
        assert time.thread_time() - start < 2
    fault(name, f"`evil: {message}`")


def test_a_data_set_names_it(tmp_path):
    for name in "ab":
        (tmp_path / "set" / name).mkdir(parents=True)
        for number in range(4):
            (tmp_path / "set" / name / f"{number}.jpg").write_bytes(jpeg())
    (tmp_path / "set" / "a" / "0.jpg").write_bytes(jpeg_with_scans(500))
    with pytest.raises(DataError, match=r"0\.jpg: a JPEG of more than 100 scans"):
        make_folder(tmp_path / "set", tmp_path / "cache").load()


def with_fill_bytes(content):
    return content.replace(b"\xff\xda", b"\xff\xff\xff\xda").replace(b"\xff\xc4", b"\xff\xff\xc4")


def cmyk():
    content = io.BytesIO()
    Image.new("CMYK", (64, 64), (9, 80, 7, 200)).save(content, "JPEG", progressive=True)
    return content.getvalue()


def with_thumbnail():
    return jpeg(exif=b"Exif\0\0" + jpeg_with_scans(300))


@pytest.mark.parametrize(
    ("content", "scans"),
    [
        (jpeg(), 1),
        (jpeg(progressive=True), 6),
        (cmyk(), 18),
        (jpeg_with_scans(30), 35),
        (jpeg_with_scans(300), SCANS + 1),
        (jpeg(restart_marker_blocks=1), 1),
        (with_fill_bytes(jpeg(progressive=True)), 6),
        (with_thumbnail(), 1),
        (mpo(jpeg(progressive=True)), 6),
        (jpeg() + jpeg(progressive=True), 1),
        (jpeg()[:-2], 1),
        (b"\xff\xd8", 0),
        (b"", 0),
    ],
)
def test_scans_are_counted_as_a_decoder_finds_them(content, scans):
    assert count_scans(io.BytesIO(content), SCANS) == scans


@pytest.mark.parametrize(
    "content",
    [
        jpeg(progressive=True),
        with_fill_bytes(jpeg(progressive=True)),
        with_thumbnail(),
        mpo(jpeg(progressive=True)),
        cmyk(),
        jpeg_with_scans(40),
        tiff(64, 64, 7, [jpeg(progressive=True)]),
        tiff(64, 4096, 7, [jpeg()], repeat=64, rows=64),
        tiff(20_000, 20, 1, [bytes(20_000)], repeat=20, rows=1),
        slow_pgm(40, 40),
        b"P2 2 2 255 # comment\n0 255\n# comment\n255 0\n",
    ],
)
def test_what_cameras_and_scanners_write_is_decoded(content):
    assert decode(content).size


def test_a_large_progressive_jpeg_is_decoded():
    assert decode(jpeg_with_scans(15, 7000, 7000)).shape == (1750, 1750)


def test_decoding_ends_when_its_time_is_up(monkeypatch):
    monkeypatch.setattr(work_limits, "DECODING_SECONDS", 0.05)
    start = time.thread_time()
    with pytest.raises(DataError, match=r"^picture: takes more than 0\.05 s to decode; save it as PNG or JPEG$"):
        decode(slow_pgm(2000, 2000))
    assert time.thread_time() - start < 1
    assert LimitedFile(io.BytesIO(b"abc")).read() == b"abc"


def test_fewer_pixels_can_be_allowed():
    with pytest.raises(TooManyPixels, match=r"^picture: 64 x 64: more than the 4,095 pixels allowed"):
        decode(jpeg(), most=4095)
    assert decode(jpeg(), most=4096).shape == (64, 64)


def test_the_end_of_a_pool_waits_for_nothing():
    begun, go_on = threading.Event(), threading.Event()

    def wait():
        begun.set()
        go_on.wait(60)

    start = time.monotonic()
    with DecoderPool(1) as pool:
        busy, waiting = pool.submit(wait), pool.submit(int)
        assert begun.wait(10)
    assert time.monotonic() - start < 5
    assert waiting.cancelled()
    assert not busy.done()
    go_on.set()
    assert busy.result(10) is None
    with DecoderPool(2) as pool:
        assert list(pool.map(str, range(100))) == [str(number) for number in range(100)]
        with pytest.raises(ZeroDivisionError):
            pool.submit(lambda: 1 / 0).result(10)
