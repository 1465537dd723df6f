"""What the modules of web/ may import and use, read from their source."""

import re
from pathlib import Path

import pytest

WEB = Path(__file__).parent.parent / "web"
MODULES = {path.relative_to(WEB).as_posix(): path for path in sorted(WEB.glob("**/*.js")) if "vendor" not in path.parts}
MEANING = [name for name in MODULES if name.startswith(("clinic/", "words/")) or name in ("growth.js", "days.js")]
# What the clinic and the words may know: records as JSON, and no bytes or keys (tests/test_layers.py).
KNOWN = {*MEANING, "vocabulary.js"}
# Newer than the oldest browsers we serve: Chrome 80 and Safari 16.4.
TOO_NEW = (
    r"\.(at|replaceAll|findLast|findLastIndex|toSorted|toReversed)\(|structuredClone|Object\.(hasOwn|groupBy)|(\?\?|\|\||&&)=|static \{"
    r"|^await |^\s+(static )?#\w+\("
)


def test_there_are_modules_to_look_at():
    assert len(MEANING) > 10


@pytest.mark.parametrize("name", MODULES)
def test_a_module_uses_nothing_newer_than_the_oldest_browsers(name):
    assert not re.search(TOO_NEW, MODULES[name].read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("name", MEANING)
def test_the_clinic_and_the_words_never_see_bytes_keys_or_a_clock(name):
    source = MODULES[name].read_text(encoding="utf-8")
    imported = {(MODULES[name].parent / path).resolve() for path in re.findall(r'^import .* from "(.+)";', source, re.MULTILINE)}
    assert {path.relative_to(WEB).as_posix() for path in imported} <= KNOWN
    assert not re.search(r"new Date\(\)|Date\.now|get(FullYear|Month|Date|Hours)\(|document|window|fetch\(", source)
