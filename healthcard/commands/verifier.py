"""`healthcard verifier`: the service for partners."""

import os
from pathlib import Path
from typing import Annotated

import typer

from healthcard import resources


def verifier(
    bundle: Annotated[
        Path | None, typer.Option("--bundle", "-b", help="trust bundle file; default: HEALTHCARD_BUNDLE", show_default=False)
    ] = None,
    host: Annotated[str | None, typer.Option(help="address to listen on; default: 127.0.0.1", show_default=False)] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="port to listen on; default: 8000", show_default=False)] = None,
) -> None:
    """Start the service with which partners verify and decode cards; it signs nothing and keeps no record."""
    settings = resources.service_module("settings").Settings.from_environment(os.environ, bundle=bundle, host=host, port=port)
    try:
        resources.service_module("verifier").serve(settings)
    except SystemExit as stop:  # uvicorn has said why, with an exit code that means something else here
        raise typer.Exit(1 if stop.code else 0) from None
