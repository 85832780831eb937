"""The model card that is written beside an exported file."""

import dataclasses
import json
from pathlib import Path
from pkgutil import resolve_name

import yaml

from akshar.devanagari.cards import DHCD_CARD
from akshar.reader.export.card import card_of
from akshar.runs.load_checkpoint import load_checkpoint

README = Path(__file__).parents[2] / "README.md"


def test_the_card_says_what_the_model_is_and_is_not(digit_run, model):
    card = model.with_name("model.onnx.md").read_text(encoding="utf-8")
    result = json.loads((digit_run / "result.json").read_text())
    test = result["test"]
    for said in (
        f"**{100 * test['accuracy']:.2f} %** ({test['correct']:,} of {test['total']:,} images",
        "95 % interval",
        "seed 1",
        "० १ २ ३ ४ ५ ६ ७ ८ ९",
        "It has seen no handwriting",
        "SIL Open Font License",
        "one character at a time",
        "Not for decisions about people",
        'akshar.load("model.onnx")',
        result["provenance"]["host"]["cpu"],
        "500 of 500 answers equal",
    ):
        assert said in card


def test_the_card_of_dhcd_cites_it(digit_run):
    trained = load_checkpoint(str(digit_run))
    card = card_of(dataclasses.replace(trained, card=DHCD_CARD), "m.safetensors", [], None)
    for said in ("Acharya", "SKIMA 2015", "CC BY 4.0", "same writers", "those of Nepal", "no test result"):
        assert said in card


def test_every_shipped_data_set_has_a_card():
    for path in (README.parent / "conf" / "data").glob("*.yaml"):
        target = yaml.safe_load(path.read_text(encoding="utf-8")).get("_target_")
        assert (
            target in (None, "???")
            or hasattr(resolve_name(target), "card")
            or "card" in resolve_name(target).__annotations__
        )
