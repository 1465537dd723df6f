"""The words of the pages: each phrase that a page says is there in every language, none is left over, none accuses or tells her status."""

import json
import re

import pytest

from healthcard import resources
from healthcard.words.labels import FACE_ONLY, LANGUAGES
from tests.test_labels import ACCUSING, STATUS

WEB = resources.folder("web")
PAGES = json.loads((WEB / "words" / "pages.json").read_text(encoding="utf-8"))
SOURCE = {path: path.read_text(encoding="utf-8") for path in WEB.rglob("*.js") if "vendor" not in path.parts}
INDEX = (WEB / "index.html").read_text(encoding="utf-8")
PLACEHOLDER = re.compile(r"\{\w+\}")


def in_language(language: str) -> dict[str, str]:
    return {key: texts[PAGES["languages"].index(language)] for key, texts in PAGES["words"].items()}


def test_every_phrase_that_a_page_says_is_there() -> None:
    said = {key for text in SOURCE.values() for key in re.findall(r"""\bsay\((?:[^()"]*\? )?"(\w+)\"""", text)}
    assert len(said) > 50
    assert said <= PAGES["words"].keys()


def test_no_phrase_is_left_over() -> None:
    """A phrase is said by its name, or by a name with a kind at its end: `add_${kind}`."""
    everything = "\n".join([*SOURCE.values(), INDEX.replace('data-say="loading try_again"', '"loading" "try_again"')])
    begun = tuple(re.findall(r"say\(`(\w+_)\$\{", everything))
    assert [key for key in PAGES["words"] if f'"{key}"' not in everything and not (begun and key.startswith(begun))] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_the_page_says_before_its_words_are_there_is_the_same(language: str) -> None:
    words = in_language(language)
    assert f'<p lang="{language}">{words["loading"]} <a class="button" href="">{words["try_again"]}</a></p>' in INDEX


def test_the_languages_are_those_of_the_interface_and_each_has_its_own_name() -> None:
    assert PAGES["languages"] == list(LANGUAGES)
    assert list(PAGES["own_names"]) == [*LANGUAGES, *FACE_ONLY]


def test_no_phrase_is_empty_and_placeholders_are_the_same_in_all_languages() -> None:
    for key, texts in PAGES["words"].items():
        assert len(texts) == len(LANGUAGES) and all(map(str.strip, texts)), key
        assert len({tuple(sorted(PLACEHOLDER.findall(text))) for text in texts}) == 1, key


@pytest.mark.parametrize("lists", [ACCUSING, STATUS], ids=["accusing", "status"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_phrase_accuses_her_or_tells_her_status(lists: dict[str, str], language: str) -> None:
    """That the lists catch a sentence with one of their words is shown in tests/test_labels.py."""
    banned = re.compile(rf"\b({lists[language]})\b", re.IGNORECASE)
    assert [key for key, text in in_language(language).items() if banned.search(text)] == []
