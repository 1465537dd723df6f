"""`healthcard station`: the desk of a service point in the browser of the same computer."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from healthcard import keyfile, resources, seal
from healthcard.commands.options import BundleFile, IssuedList, KeyFileOption
from healthcard.counts import Counts
from healthcard.errors import TrustError
from healthcard.printing.templates import registry
from healthcard.trust import issued
from healthcard.trust.bundle import TrustBundle

Basis = Literal["vital-interest", "public-interest", "consent"]
OWN_MINUTES = 10


def station(
    key: KeyFileOption,
    bundle: BundleFile,
    basis: Annotated[Basis, typer.Option(help="on which ground your organisation keeps her data; never on the card", show_default=False)],
    unseal: Annotated[Path | None, typer.Option(help="key file of the epoch, with the same passphrase", show_default=False)] = None,
    counts: Annotated[Path | None, typer.Option(help="file of counts by day and month: numbers only", show_default=False)] = None,
    issued_list: IssuedList = None,
    templates: Annotated[Path | None, typer.Option(help="folder with your organisation's own templates", show_default=False)] = None,
    hours: Annotated[str, typer.Option(help="hours of your desk as they stand on the card: 8:00-17:00")] = "",
    port: Annotated[int, typer.Option(min=0, max=65535, help="port on this computer; 0: any that is free")] = 0,
    lock_after: Annotated[int, typer.Option(min=1, max=120, help="minutes without use after which it locks itself")] = OWN_MINUTES,
    browser: Annotated[bool, typer.Option(help="open the browser")] = True,
) -> None:
    """Start the desk: issue, add to and print cards in the browser of this computer. Nothing leaves it."""
    trusted = TrustBundle.load(bundle)
    about = keyfile.describe(key)
    keyfile.require(about, "station", trusted.network)
    if trusted.match(about.key) is None:
        raise TrustError("the key is not a station of this trust bundle")
    if unseal:
        keyfile.require(keyfile.describe(unseal), seal.PURPOSE, trusted.network)
    registry(templates)
    _look_at(counts, issued_list)
    desk = resources.service_module("desk")
    settings = desk.Settings(key, bundle, basis, unseal, counts, issued_list, templates, hours, lock_after * 60)
    resources.service_module("station").serve(settings, port, browser, _tell)


def _look_at(counts: Path | None, issued_list: Path | None) -> None:
    """Files that the desk will write to are no surprise at the first card: TrustError, typer.BadParameter."""
    for path in filter(None, (counts, issued_list)):
        if not path.absolute().parent.is_dir():
            raise typer.BadParameter(f"{path.parent}: no such folder")
    if issued_list:
        issued.add(issued_list, [])
    try:
        Counts.load(counts)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--counts") from None


def _tell(address: str) -> None:
    print(f"The station is open at {address}", flush=True)
