"""Where templates, web pages and the services lie: inside the package in a wheel, beside it in a checkout."""

import importlib
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

from healthcard.errors import HealthcardError

PACKAGE = Path(__file__).parent


def folder(name: str) -> Path:
    """Folder `name` ("print_templates", "web") that came with this installation.

    Raises HealthcardError where it is missing.
    """
    for parent in (PACKAGE, PACKAGE.parent):
        if (parent / name).is_dir():
            return parent / name
    raise HealthcardError(f"this installation lacks the folder {name}")


def service_module(name: str) -> ModuleType:
    """Module `name` of the services: `healthcard.api.<name>` in a wheel, `api.<name>` in a checkout.

    Raises ImportError where the service, or an optional package that it needs, is not installed.
    """
    package = "healthcard.api" if find_spec("healthcard.api") else "api"
    return importlib.import_module(f"{package}.{name}")


def example(name: str) -> bytes:
    """The bundled example record `name`."""
    return (folder("examples") / name).read_bytes()
