"""`healthcard partner add | list | revoke`: who may call the verifier service (docs/operation.md)."""

import os
import re
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from healthcard import resources
from healthcard.errors import SettingError

partner_commands = typer.Typer(
    help="Who may call the verifier service: keys of partners, each for what it needs and for a time.", no_args_is_help=True
)

Bundle = Annotated[
    Path | None, typer.Option("--bundle", "-b", help="trust bundle file that the service was started with", show_default=False)
]
Database = Annotated[
    str | None, typer.Option(help="its database, where it is another; default: HEALTHCARD_DATABASE", show_default=False)
]


@partner_commands.command()
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="the partner, for people: letters, digits, blanks", show_default=False)],
    scope: Annotated[
        list[str] | None, typer.Option(help="verify, decode, export, unseal, admin; default: verify and decode", show_default=False)
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=800, help="how long the key is good for")] = 365,
    bundle: Bundle = None,
    database: Database = None,
) -> None:
    """Make a key for a partner and show it, this once; the database keeps a hash of it."""
    access = resources.service_module("access")
    scopes = frozenset(scope or ("verify", "decode"))
    if unknown := sorted(scopes - set(access.SCOPES)):
        raise typer.BadParameter(f"{unknown[0]}: one of {', '.join(access.SCOPES)}", param_hint="--scope")
    if not re.fullmatch(access.NAME, name):
        raise typer.BadParameter("1 to 60 letters, digits, blanks, dots and hyphens", param_hint="NAME")
    partner, key = access.new_partner(name, scopes, date.today(), date.today() + timedelta(days))
    _store(bundle, database, make=True).add_partner(partner)
    typer.echo(f"{partner.id}: {name}, {', '.join(sorted(scopes))}, until {partner.expires}", err=True)
    typer.echo("Give the partner this key by a safe way; it can't be shown again:", err=True)
    print(key)


@partner_commands.command("list")
def list_(bundle: Bundle = None, database: Database = None) -> None:
    """Every partner: id, name, scopes, last day, and the day it was revoked."""
    for partner in _store(bundle, database).partners():
        state = f"revoked {partner.revoked}" if partner.revoked else "expired" if partner.expires < date.today() else "good"
        print(partner.id, partner.name, " ".join(sorted(partner.scopes)), partner.expires, state, sep="\t")


@partner_commands.command()
def revoke(
    partner: Annotated[str, typer.Argument(metavar="ID", help="id of the partner, as list shows it", show_default=False)],
    bundle: Bundle = None,
    database: Database = None,
) -> None:
    """Refuse a partner's key from now on, for good; every instance knows within a minute."""
    _store(bundle, database).revoke_partner(partner, date.today())
    print(f"{partner}: revoked; refused by every instance within a minute")


def _store(bundle: Path | None, database: str | None, *, make: bool = False) -> Any:
    """The database of the service; raises SettingError where nothing says which, or where it is not there and not to be made."""
    settings = resources.service_module("settings")
    named = database or os.environ.get("HEALTHCARD_DATABASE")
    file = bundle or (Path(os.environ["HEALTHCARD_BUNDLE"]) if os.environ.get("HEALTHCARD_BUNDLE") else None)
    if not named and file is None:
        raise SettingError("which service? give --bundle or --database, or set HEALTHCARD_BUNDLE or HEALTHCARD_DATABASE")
    found = settings.checked_database(named or settings.default_database(file))
    if not found.startswith(settings.POSTGRESQL) and not Path(found).exists():
        if not make:
            raise SettingError(f"HEALTHCARD_DATABASE: there is no {found}; set it, or give --database, as the service has it")
        typer.echo(f"{found} is made; if the service has another database, set HEALTHCARD_DATABASE as it does", err=True)
    return resources.service_module("store").Store.open(found, make=make)
