"""The licences of what an exported page is made of."""

from importlib.metadata import distribution

from akshar.data.card import DatasetCard
from akshar.reader.export.web_runtime import NAME, VERSION
from akshar.reader.page.files import fonts

LINE = "-" * 80


def licences(card: DatasetCard) -> str:
    """Text of the file: the code's, the runtime's and the font's licences, and where the network's data is from.

    Args:
        card: of the network's data.
    """
    own = next(file for file in distribution("akshar").files or () if file.name == "LICENSE").read_text(
        encoding="utf-8"
    )
    font = (fonts()["Regular"].parent.parent / "LICENSE").read_text(encoding="utf-8")
    return f"""\
index.html, service-worker.js, static/: akshar, under the MIT License
onnxruntime/: {NAME} {VERSION}, Copyright (c) Microsoft Corporation, under the MIT License
font/: Mukta, under the SIL Open Font License 1.1

reader.onnx: trained by akshar on {card.title}
Licence of the data: {card.licence}
{card.citation}

{LINE}
{own}
{LINE}
{font}"""
