"""The public names are those of docs and README, and nothing more happens at import than defining them."""

import subprocess
import sys

import healthcard


def test_every_public_name_exists_and_is_listed_once():
    assert len(set(healthcard.__all__)) == len(healthcard.__all__)
    for name in healthcard.__all__:
        assert getattr(healthcard, name) is not None


def test_nothing_else_is_public():
    modules = {name for name in vars(healthcard) if isinstance(getattr(healthcard, name), type(sys))}
    assert {name for name in vars(healthcard) if not name.startswith("_")} - modules == {n for n in healthcard.__all__ if n[0] != "_"}


def test_importing_opens_no_table_and_no_service():
    program = (
        "import sys, pathlib\n"
        "opened = []\n"
        "sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == 'open' else None)\n"
        "import healthcard\n"
        "root = str(pathlib.Path(healthcard.__file__).parent)\n"
        "assert not [path for path in opened if path.startswith(root) and path.endswith(('.csv', '.bin', '.json', '.ttf'))]\n"
        "assert 'fastapi' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
