"""The registry of what can be printed: print_templates/templates.json, and that of an organisation's own folder before it.

    registry()["a7"]                                    # Template(name="a7", width_mm=74, height_mm=105, code_mm=40, ...)
    registry(Path("our-templates"))                     # ours too; a template of the same name is the organisation's

An own folder needs NAME.typ and an entry in its templates.json; `common.typ`, pictograms and fonts come from ours where it has none.
"""

import json
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any, Literal, get_args

from healthcard.errors import PrintError
from healthcard.resources import folder

Kind = Literal["card", "sticker", "poster"]
LIST = "templates.json"
PACKAGE = b'"@'  # "@preview/...": Typst fetches it when it prints
USUAL_DPI = 300


@dataclass(frozen=True)
class Template:
    """One format: a page of `width_mm` x `height_mm` (None: as long as needed), `pages` of them.

    `code_mm` is the printed side of the code with its quiet zone (0: no code), of which a device of `dpi` and whole dots prints a little
    less; `fold_mm` the height of the fold; `edge_mm` what the paper has beside the printable page; `ruler` and `charts` ask for 50 mm to
    hold a ruler to and for growth charts, `thermal` for black ink only, and `zoom` is how much larger than on the A7 type and pictograms
    are.
    """

    name: str
    kind: Kind
    about: str
    width_mm: float
    height_mm: float | None = None
    pages: int = 1
    code_mm: float = 0
    dpi: float | None = None
    fold_mm: float | None = None
    edge_mm: float = 0
    ruler: bool = False
    charts: bool = False
    thermal: bool = False
    zoom: float = 1

    @property
    def png_dpi(self) -> float:
        """Dots per inch of its picture: those of the device, or 300."""
        return self.dpi or USUAL_DPI

    @property
    def size(self) -> str:
        """"74 x 105 mm", "48 mm wide"."""
        return f"{self.width_mm:g} mm wide" if self.height_mm is None else f"{self.width_mm:g} x {self.height_mm:g} mm"


def registry(own: Path | None = None) -> dict[str, Template]:
    """Every template by name, those of the folder `own` first; raises PrintError where a list of templates is wrong."""
    places = [place for place in (own, folder("print_templates")) if place]
    found: dict[str, Template] = {}
    for place in places:
        for name, entry in _entries(place).items():
            found.setdefault(name, _template(place, name, entry))
    return found


def names_in(place: Path) -> list[str]:
    """Names of the templates that the folder `place` itself lists; raises PrintError where its list is wrong."""
    return list(_entries(place))


def find(name: str, own: Path | None = None) -> Template:
    """The template `name`; raises PrintError with the names there are."""
    known = registry(own)
    if name not in known:
        raise PrintError("no such template; there are: " + ", ".join(known))
    return known[name]


def sources(name: str, own: Path | None = None) -> dict[str, bytes]:
    """The files that Typst compiles template `name` from, by path: ours, with those of `own` in their place; the template is "main"."""
    files: dict[str, bytes] = {}
    for place in (folder("print_templates"), own):
        if place:
            paths = [*place.glob("*.typ"), *place.glob("*.json"), *place.glob("pictograms/*.svg"), *place.glob("fonts/*.json")]
            files |= {path.relative_to(place).as_posix(): path.read_bytes() for path in paths}
    if own:
        files[LIST] = json.dumps(_entries(folder("print_templates")) | _entries(own)).encode()
    if strange := [path for path, source in files.items() if path.endswith(".typ") and PACKAGE in source]:
        raise PrintError(f"{strange[0]}: takes a package from the network; copy what it needs of it into the folder")
    if f"{name}.typ" not in files:
        raise PrintError(f"template {name}: there is no file {name}.typ")
    return {"main": files[f"{name}.typ"]} | files


def fonts_folder(own: Path | None = None) -> Path:
    """Where the fonts lie: in `own`, if it brings a folder of them."""
    return own / "fonts" if own and (own / "fonts").is_dir() else folder("print_templates") / "fonts"


def _entries(place: Path) -> dict[str, dict[str, Any]]:
    try:
        entries = json.loads((place / LIST).read_bytes())
    except (OSError, ValueError):
        raise PrintError(f"{place / LIST}: missing or not JSON; it names each template with its size") from None
    if not isinstance(entries, dict) or not all(isinstance(entry, dict) for entry in entries.values()):
        raise PrintError(f"{place / LIST}: an object for each template by its name")
    return entries


def _template(place: Path, name: str, entry: dict[str, Any]) -> Template:
    known = {field.name: field for field in fields(Template) if field.name != "name"}
    strange = sorted(entry.keys() - known.keys())
    missing = [key for key, field in known.items() if field.default is MISSING and key not in entry]
    faults = [*(f"there is no field {key}" for key in strange), *(f"{key} is missing" for key in missing)]
    if faults:
        raise PrintError(f"{place / LIST}: {name}: {'; '.join(faults)}")
    numbers = [entry[key] for key in known if key.endswith("_mm") or key in ("dpi", "zoom", "pages") if entry.get(key) is not None]
    if entry["kind"] not in get_args(Kind) or not all(type(number) in (int, float) and 0 <= number <= 2000 for number in numbers):
        raise PrintError(f"{place / LIST}: {name}: kind is card, sticker or poster; sizes are numbers of mm, dpi, zoom and pages numbers")
    return Template(name, **entry)
