"""Every card of the vectors on the screen, as a clinician and as a help desk see it, and as it is shown to her, in every language."""

from typing import Any

import httpx
from playwright.sync_api import BrowserContext

from healthcard.words.labels import LANGUAGES
from tests.scanner.steps import opened
from tests.test_vectors import CARDS, FOLDER, MERGED, load

# The views of a reading, drawn one after the other; what is wrong with any of them.
DRAWN = """async ({ cards, languages }) => {
  const [{ read }, { TrustBundle }, { loadTables }, { readingScreen }, { showHolder }, { personLabel }] = await Promise.all(
    ["card", "trust", "scanner/tables", "scanner/reading", "scanner/holder", "words/text"].map((name) => import(`/${name}.js`)));
  const tables = await loadTables();
  const { known, curves, clinic } = tables;
  const bytes = (hex) => Uint8Array.from(hex.match(/../g), (pair) => parseInt(pair, 16));
  const wrong = [];
  let records = 0;
  for (const { name, texts, bundle, now, newestCard } of cards) {
    const trusted = await TrustBundle.load(bytes(bundle), tables);
    const reading = await read(texts, { bundle: trusted, now, newestCard, known, curves, tables: clinic });
    if (!reading.record) continue;
    records += 1;
    for (const code of languages) {
      const [page, language] = [tables.page(code), tables.language(code)];
      const app = { reading, tables, page, language, session: {}, personName: (n) => personLabel(reading.handover, n, language).text };
      for (const [view, draw] of Object.entries({
        clinician: () => readingScreen({ ...app, settings: { helpDesk: false } }),
        "help desk": () => readingScreen({ ...app, settings: { helpDesk: true } }),
        "show her": () => showHolder(app, code),
      })) {
        try {
          await draw();
          const said = document.getElementById("screen").textContent.match(/undefined|NaN|Infinity|\\[object|null|#-?\\d/);
          if (said) wrong.push(`${name}, ${view}, ${code}: ${said}`);
        } catch (error) {
          wrong.push(`${name}, ${view}, ${code}: ${error.message}`);
        }
      }
    }
  }
  return { records, wrong };
}"""


def questions() -> list[dict[str, Any]]:
    found = []
    for path in (*(FOLDER / f"{name}.txt" for name in CARDS), *MERGED):
        vector = load(path)
        found.append({
            "name": path.stem, "texts": vector.body.split("\n") if path in MERGED else [vector.body], "now": vector.head["now"],
            "bundle": load(FOLDER / "bundles" / vector.head["bundle"]).body.strip(), "newestCard": vector.head.get("newest-card"),
        })  # fmt: skip
    return found


def test_every_card_of_the_vectors_is_shown_in_every_language(phone: BrowserContext, service: httpx.Client) -> None:
    page = opened(phone, service)
    drawn = page.evaluate(DRAWN, {"cards": questions(), "languages": list(LANGUAGES)})
    assert drawn["wrong"] == []
    assert drawn["records"] > 100
