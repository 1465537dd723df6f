"""`healthcard trust ...`: founding a network and listing who may issue (docs/trust.md)."""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from healthcard import custody, keyfile, trust
from healthcard.errors import TrustError
from healthcard.passphrase import passphrase
from healthcard.sign import ALGORITHMS, Key, Signer
from healthcard.trust import TrustBundle

trust_commands = typer.Typer(help="Found a network, list organisations and stations, look at a trust bundle.", no_args_is_help=True)

Bundle = Annotated[Path, typer.Argument(metavar="BUNDLE", help="trust bundle file", show_default=False)]
RootKey = Annotated[Path, typer.Option("--root-key", help="key file of the root", show_default=False)]
PassphraseFile = Annotated[Path | None, typer.Option("--passphrase-file", help="file that holds the passphrase", show_default=False)]

FURTHEST = timedelta(days=366)  # of a station's first day from today


@trust_commands.command()
def init(bundle: Bundle, root_key: RootKey, passphrase_file: PassphraseFile = None) -> None:
    """Found a network: the first bundle, signed by the root, without organisations."""
    if bundle.exists():
        raise TrustError(f"{bundle}: exists already")
    about, signer = keyfile.signer(root_key, passphrase(passphrase_file, root_key))
    keyfile.require(about, "root", about.network)
    custody.found(about.network, [signer], 1, date.today()).save(bundle)
    print(f"{bundle}: version 1 of a {about.network} network. Next: healthcard trust add-organisation")


@trust_commands.command("add-organisation")
def add_organisation(
    bundle: Bundle,
    name: Annotated[str, typer.Argument(metavar="NAME", help="short name, for good: pa-rc", show_default=False)],
    public_key: Annotated[
        str, typer.Argument(metavar="KEY", help="the organisation's public key in hexadecimal, or its key file", show_default=False)
    ],
    root_key: RootKey,
    passphrase_file: PassphraseFile = None,
) -> None:
    """List an organisation under the next free number, for good."""
    held, root = TrustBundle.load(bundle), _root(bundle, root_key, passphrase_file)
    made = custody.add_organisation(held, [root], name, _public(public_key, "organisation", held.network), date.today())
    made.save(bundle)
    print(f"{bundle}: version {made.version}, {name} is number {made.organisation_numbers[name]}. Next: healthcard trust add-station")


@trust_commands.command("add-station")
def add_station(
    bundle: Bundle,
    name: Annotated[str, typer.Argument(metavar="NAME", help="short name of the organisation", show_default=False)],
    public_key: Annotated[
        str, typer.Argument(metavar="KEY", help="the station's public key in hexadecimal, or its key file", show_default=False)
    ],
    organisation_key: Annotated[Path, typer.Option("--organisation-key", help="key file of the organisation", show_default=False)],
    root_key: RootKey,
    scope: Annotated[list[str] | None, typer.Option(help="issue, continue, revoke; default: the first two", show_default=False)] = None,
    first_day: Annotated[str | None, typer.Option(help="of the half-year, as 2027-01-01; default: today", show_default=False)] = None,
    organisation_passphrase_file: Annotated[
        Path | None, typer.Option(help="where the organisation's passphrase is another", show_default=False)
    ] = None,
    passphrase_file: PassphraseFile = None,
) -> None:
    """List a station's key for half a year, signed by its organisation."""
    held, today = TrustBundle.load(bundle), date.today()
    words = scope or ["issue", "continue"]
    if unknown := [word for word in words if word not in trust.SCOPES]:
        raise typer.BadParameter(f"{unknown[0]}: one of {', '.join(trust.SCOPES)}", param_hint="--scope")
    try:
        start = date.fromisoformat(first_day) if first_day else today
    except ValueError:
        raise typer.BadParameter("a day is written 2027-01-01", param_hint="--first-day") from None
    if abs(start - today) > FURTHEST:
        raise typer.BadParameter("more than a year from today", param_hint="--first-day")
    secret = passphrase(organisation_passphrase_file or passphrase_file, organisation_key)
    about, organisation = keyfile.signer(organisation_key, secret)
    keyfile.require(about, "organisation", held.network)
    key = _public(public_key, "station", held.network)
    bits = sum({trust.SCOPES[word] for word in words})
    made = custody.add_station(held, [_root(bundle, root_key, passphrase_file)], name, organisation, key, bits, start, today)
    made.save(bundle)
    print(f"{bundle}: version {made.version}. Give the new bundle to every reader; the station issues with its key file.")


@trust_commands.command()
def show(bundle: Bundle, json_: Annotated[bool, typer.Option("--json", help="print JSON")] = False) -> None:
    """What a bundle says: version, age, organisations, stations, withdrawals."""
    held = TrustBundle.load(bundle)
    content = held.content
    if json_:
        print(json.dumps(summary(held), indent=1))
        return
    print(f"{held.network} network, version {held.version}, issued {held.issued}, expires {held.expires}, {len(held.raw)} bytes")
    print(f"root: {held.roots[-1].threshold} of {len(held.roots[-1].keys)} keys, {len(held.roots) - 1} rotations")
    for o in content.organisations:
        print(f"{o.number:>5} {o.name}" + (f", delisted {o.delisted}" if o.delisted else ""))
        for s in o.stations:
            scopes = " ".join(word for word, bit in trust.SCOPES.items() if s.scope & bit)
            print(f"      station {s.number}: {s.key.kid.hex()} {ALGORITHMS[s.key.algorithm]} {s.first} to {s.last} {scopes}")
    print(f"{len(content.withdrawn)} cards withdrawn, {len(content.revoked)} keys revoked, {len(content.sealing)} sealing keys")


def summary(held: TrustBundle) -> dict[str, Any]:
    """A bundle as JSON."""
    return {
        "network": held.network, "version": held.version, "issued": held.issued.isoformat(), "expires": held.expires.isoformat(),
        "bytes": len(held.raw),
        "organisations": [
            {
                "number": o.number, "name": o.name, "delisted": o.delisted.isoformat() if o.delisted else None,
                "stations": [
                    {"number": s.number, "kid": s.key.kid.hex(), "algorithm": ALGORITHMS[s.key.algorithm],
                     "first": s.first.isoformat(), "last": s.last.isoformat(),
                     "scope": [word for word, bit in trust.SCOPES.items() if s.scope & bit]}
                    for s in o.stations
                ],
            }
            for o in held.content.organisations
        ],
        "withdrawn": len(held.content.withdrawn), "revoked": len(held.content.revoked), "sealing": len(held.content.sealing),
    }  # fmt: skip


def _root(bundle: Path, root_key: Path, passphrase_file: Path | None) -> Signer:
    about, signer = keyfile.signer(root_key, passphrase(passphrase_file, root_key))
    keyfile.require(about, "root", TrustBundle.load(bundle).network)
    return signer


def _public(given: str, purpose: str, network: str) -> Key:
    path = Path(given)
    if path.exists():
        about = keyfile.describe(path)
        keyfile.require(about, purpose, network)
        return about.key
    try:
        return Key(bytes.fromhex(given))
    except ValueError:
        raise TrustError(f"{given}: neither a key file nor a public key in hexadecimal") from None
