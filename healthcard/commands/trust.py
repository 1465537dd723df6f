"""`healthcard trust ...`: founding a network, its organisations and stations, the keys of its root (docs/trust.md).

Withdrawing is in withdraw, signing drafts and carrying bundles around in travel.
"""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from healthcard import files, keyfile
from healthcard.commands import travel as cli_travel
from healthcard.commands import withdraw as cli_withdraw
from healthcard.commands.keepers import (
    Bundle,
    RootKeys,
    Yes,
    asked,
    asked_if_any,
    confirm,
    day,
    public_key,
    publish,
    signer_of,
    tell,
    today,
)
from healthcard.commands.options import PassphraseFile
from healthcard.errors import TrustError
from healthcard.trust import changes, custody, stations
from healthcard.trust.bundle import LARGEST, SCOPES, Organisation, Root, Station, TrustBundle
from healthcard.trust.report import fingerprint, new_root, station
from healthcard.trust.stations import SignedStations

trust_commands = typer.Typer(help="Found a network, list organisations and stations, withdraw cards and keys.", no_args_is_help=True)

FURTHEST = timedelta(days=366)  # of a station's first day from today
EPOCH_DAYS = 31
SEALING_KEY_SIZE = 32

Name = Annotated[str | None, typer.Argument(metavar="NAME", help="short name of the organisation: pa-rc", show_default=False)]
StationKey = Annotated[
    str | None, typer.Argument(metavar="KEY", help="the station's public key in hexadecimal, or its key file", show_default=False)
]
Scope = Annotated[list[str] | None, typer.Option(help="issue, continue, revoke; default: the first two", show_default=False)]
FirstDay = Annotated[str | None, typer.Option(help="of the half-year, as 2027-01-01; default: today", show_default=False)]
OrganisationKey = Annotated[Path, typer.Option("--organisation-key", help="key file of the organisation", show_default=False)]
StationList = Annotated[Path, typer.Argument(metavar="LIST", help="station list that the organisation signed", show_default=False)]
Keepers = Annotated[
    list[str] | None, typer.Option("--keeper", help="public key of another keeper of the root, in hexadecimal", show_default=False)
]
Threshold = Annotated[
    int | None, typer.Option(min=1, max=16, help="how many keepers have to sign; default: more than half, or as before", show_default=False)
]


@trust_commands.command()
def init(
    bundle: Bundle, root_key: RootKeys = None, keeper: Keepers = None, threshold: Threshold = None,
    passphrase_file: PassphraseFile = None, yes: Yes = False,
) -> None:  # fmt: skip
    """Found a network: the first bundle, signed by the root, without organisations."""
    if bundle.exists():
        raise TrustError(f"{bundle}: exists already")
    own = root_key or [Path(asked(None, "Your root key file", "--root-key"))]
    if not root_key and not keeper:
        keeper = asked_if_any("Public keys of the other keepers, with blanks between (empty: you alone)").replace(",", " ").split()
    network = keyfile.describe(own[0]).network
    keys = [public_key(str(given), "root", network) for given in (*own, *(keeper or ()))]
    root = Root(threshold or len(keys) // 2 + 1, tuple(keys))
    tell(new_root(None, root))
    draft = custody.founding(network, root, today())
    then = f" of a {network} network. Next: healthcard trust add-organisation"
    publish(bundle, None, draft, own, passphrase_file, yes, then)


@trust_commands.command("rotate-root")
def rotate_root(
    bundle: Bundle, keeper: Keepers = None, threshold: Threshold = None, root_key: RootKeys = None, passphrase_file: PassphraseFile = None,
    yes: Yes = False,
) -> None:  # fmt: skip
    """Give the root new keys, or another threshold: name every keeper with --keeper. Enough old and enough new keepers must sign."""
    held = TrustBundle.load(bundle)
    given = keeper or asked(None, "Public keys of all keepers of the new root, with blanks between", "--keeper").replace(",", " ").split()
    old = held.roots[-1]
    root = Root(threshold or old.threshold, tuple(public_key(key, "root", held.network) for key in given))
    tell(new_root(old, root))
    draft = custody.rotation(held, root, today())
    publish(bundle, held, draft, root_key, passphrase_file, yes, ". Readers follow by themselves with this bundle.", final=True)


@trust_commands.command("add-organisation")
def add_organisation(
    bundle: Bundle,
    name: Name = None,
    public: Annotated[
        str | None, typer.Argument(metavar="KEY", help="the organisation's public key in hexadecimal, or its key file", show_default=False)
    ] = None,
    root_key: RootKeys = None,
    passphrase_file: PassphraseFile = None,
    yes: Yes = False,
) -> None:
    """List an organisation under the next free number, for good."""
    held, now = TrustBundle.load(bundle), today()
    name = asked(name, "Short name of the organisation, for good (pa-rc)", "NAME")
    key = public_key(asked(public, "Its public key, in hexadecimal", "KEY"), "organisation", held.network)
    content = changes.add_organisation(held.content, name, key, now)
    then = f", {name} is number {changes.organisation(content, name).number}. Next: healthcard trust add-station"
    publish(bundle, held, custody.next_version(held, content, now), root_key, passphrase_file, yes, then)


@trust_commands.command("add-station")
def add_station(
    bundle: Bundle,
    organisation_key: OrganisationKey,
    name: Name = None,
    public: StationKey = None,
    root_key: RootKeys = None,
    scope: Scope = None,
    first_day: FirstDay = None,
    organisation_passphrase_file: Annotated[
        Path | None, typer.Option(help="where the organisation's passphrase is another", show_default=False)
    ] = None,
    passphrase_file: PassphraseFile = None,
    yes: Yes = False,
) -> None:
    """List a station's key for half a year; for who holds the keys of organisation and root (else: sign-stations, accept-stations)."""
    held, now = TrustBundle.load(bundle), today()
    owner = changes.organisation(held.content, asked(name, "Short name of the organisation", "NAME"))
    made = _new_station(held, owner, [asked(public, "The station's public key, in hexadecimal", "KEY")], scope, first_day)
    signer = signer_of(organisation_key, "organisation", held.network, organisation_passphrase_file or passphrase_file)
    listed = stations.sign_stations(held, owner, signer, (*owner.stations, *made))
    draft = custody.next_version(held, changes.accept_stations(held.content, listed), now)
    then = ". Give the new bundle to every reader; the station issues with its key file."
    publish(bundle, held, draft, root_key, passphrase_file, yes, then)


@trust_commands.command("sign-stations")
def sign_stations(
    bundle: Bundle,
    organisation_key: OrganisationKey,
    out: Annotated[Path, typer.Option(help="file for the station list: pa-rc.stations", show_default=False)],
    name: Name = None,
    public: Annotated[
        list[str] | None, typer.Argument(metavar="KEY...", help="public keys of new stations, or their key files", show_default=False)
    ] = None,
    drop: Annotated[list[int] | None, typer.Option(help="number of a station to list no longer", show_default=False)] = None,
    scope: Scope = None,
    first_day: FirstDay = None,
    passphrase_file: PassphraseFile = None,
    yes: Yes = False,
) -> None:
    """As an organisation: sign the list of your stations, into a file for the keepers of the root. A new organisation key works too."""
    held = TrustBundle.load(bundle)
    owner = changes.organisation(held.content, asked(name, "Short name of your organisation", "NAME"))
    if unknown := set(drop or ()) - {s.number for s in owner.stations}:
        raise TrustError(f"{owner.name} has no station {min(unknown)}")
    listed = [s for s in owner.stations if s.number not in (drop or ())] + _new_station(held, owner, public or [], scope, first_day)
    renewed = public_key(str(organisation_key), "organisation", held.network) != owner.key
    tell(["the whole list:", *(station(owner, s) for s in listed)])
    confirm("Is this right?", yes)
    signed = stations.sign_stations(held, owner, signer_of(organisation_key, "organisation", held.network, passphrase_file), listed)
    try:
        files.write_atomically(out, signed.raw)
    except OSError as error:
        raise TrustError(f"{out}: {error.strerror}") from None
    command = "renew-organisation" if renewed else "accept-stations"
    print(f"{out}: give this file to the keepers of the root, who run: healthcard trust {command} BUNDLE {out.name}")
    print(f"Tell them the fingerprint of your key by telephone: {fingerprint(signed.key)}")


@trust_commands.command("accept-stations")
def accept_stations(
    bundle: Bundle, station_list: StationList, root_key: RootKeys = None, passphrase_file: PassphraseFile = None, yes: Yes = False
) -> None:
    """As the root: put the station list that an organisation signed into the next bundle."""
    held, now = TrustBundle.load(bundle), today()
    content = changes.accept_stations(held.content, _station_list(station_list, held.network))
    then = ". Give the new bundle to every reader."
    publish(bundle, held, custody.next_version(held, content, now), root_key, passphrase_file, yes, then)


@trust_commands.command("renew-organisation")
def renew_organisation(
    bundle: Bundle, station_list: StationList, root_key: RootKeys = None, passphrase_file: PassphraseFile = None, yes: Yes = False
) -> None:
    """As the root: list an organisation's next key, with the station list that it signed with that key."""
    held, now = TrustBundle.load(bundle), today()
    listed = _station_list(station_list, held.network)
    tell([f"compare by telephone: {fingerprint(listed.key)}"])
    content = changes.renew_organisation(held.content, listed, now)
    then = ". The earlier key of the organisation signs no station list any more."
    publish(bundle, held, custody.next_version(held, content, now), root_key, passphrase_file, yes, then, final=True)


@trust_commands.command("add-sealing-key")
def add_sealing_key(
    bundle: Bundle,
    key: Annotated[
        str | None, typer.Argument(metavar="KEY", help="key file of the epoch, or its public key in hexadecimal", show_default=False)
    ] = None,
    first_day: Annotated[str | None, typer.Option(help="of the epoch, as 2027-01-01; default: today", show_default=False)] = None,
    days: Annotated[int, typer.Option(min=1, max=400, help="length of the epoch")] = EPOCH_DAYS,
    retire: Annotated[bool, typer.Option("--retire", help="and list no longer the keys whose epoch is over")] = False,
    root_key: RootKeys = None,
    passphrase_file: PassphraseFile = None,
    yes: Yes = False,
) -> None:
    """List the key that sensitive entries are sealed to for a month."""
    held, now = TrustBundle.load(bundle), today()
    first = day(first_day, now, "--first-day")
    public = _sealing_key(asked(key, "Key file of the epoch", "KEY"), held.network)
    content = changes.add_sealing_key(held.content, public, first, first + timedelta(days - 1))
    if retire:
        content = changes.retire_sealing_keys(content, now)
    then = ". The epoch's key file opens what is sealed to it: only clinical devices hold it, and it is destroyed after about a year."
    publish(bundle, held, custody.next_version(held, content, now), root_key, passphrase_file, yes, then)


for _name, _command in {**cli_withdraw.COMMANDS, **cli_travel.COMMANDS}.items():
    trust_commands.command(_name)(_command)


def _new_station(
    held: TrustBundle, owner: Organisation, given: list[str], scope: list[str] | None, first_day: str | None
) -> list[Station]:
    """Stations with the next free numbers, for half a year."""
    words = scope or ["issue", "continue"]
    if unknown := [word for word in words if word not in SCOPES]:
        raise typer.BadParameter(f"{unknown[0]}: one of {', '.join(SCOPES)}", param_hint="--scope")
    first = day(first_day, today(), "--first-day")
    if abs(first - today()) > FURTHEST:
        raise typer.BadParameter("more than a year from today", param_hint="--first-day")
    bits, free = sum({SCOPES[word] for word in words}), stations.next_number(owner)
    keys = [public_key(one, "station", held.network) for one in given]
    return [Station(free + n, bits, key, first, custody.last_day(first)) for n, key in enumerate(keys)]


def _station_list(path: Path, network: str) -> SignedStations:
    try:
        listed = SignedStations.load(files.read(path, LARGEST))
    except OSError as error:
        raise TrustError(f"{path}: {error.strerror}") from None
    except TrustError as error:
        raise TrustError(f"{path}: {error}") from None
    if listed.network != network:
        raise TrustError(f"{path}: of the {listed.network} network")
    return listed


def _sealing_key(given: str, network: str) -> bytes:
    if (path := Path(given)).exists():
        about = keyfile.describe(path)
        keyfile.require(about, "epoch", network)
        return about.public
    try:
        public = bytes.fromhex(given)
    except ValueError:
        raise TrustError(f"{given}: neither a key file nor a public key in hexadecimal") from None
    if len(public) != SEALING_KEY_SIZE:
        raise TrustError(f"the public key of an epoch is {SEALING_KEY_SIZE} bytes")
    return public
