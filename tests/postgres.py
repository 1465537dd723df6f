"""A PostgreSQL of the test's own: Debian's programs, a new folder, a socket and no port; gone afterwards."""

import getpass
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

START_SECONDS = 60
# A power cut of the machine that runs the tests is nobody's concern: no waiting for its disk.
QUICK = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "listen_addresses=")


def programs() -> Path:
    """The folder of the newest server programs; PostgreSQL is one of tools/system-packages.sh."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    assert found, "no PostgreSQL here: run tools/system-packages.sh"
    return found[-1].parent


@dataclass
class Server:
    """A running server; each `database` is empty and has its address."""

    folder: Path
    user: str
    made: int = field(default=0)

    def database(self) -> str:
        """The address of one more database."""
        self.made += 1
        self.run("createdb", f"d{self.made}")
        return self.address(f"d{self.made}")

    def address(self, name: str) -> str:
        return f"postgresql://{self.user}@/{name}?host={self.folder}"

    def run(self, program: str, *arguments: str) -> None:
        """One of the server's programs, connected to it."""
        command = [str(programs() / program), "--host", str(self.folder), "--username", self.user, *arguments]
        subprocess.run(command, check=True, capture_output=True, **_as(self.user))


@contextmanager
def server() -> Iterator[Server]:
    """A server until the end of the block; as root it runs as the user postgres, for it refuses root."""
    user = "postgres" if os.geteuid() == 0 else getpass.getuser()
    folder = Path(tempfile.mkdtemp(prefix="healthcard-postgresql-"))
    if os.geteuid() == 0:
        shutil.chown(folder, user)
    process = None
    try:
        data = folder / "data"
        make = [str(programs() / "initdb"), "--no-sync", "--auth=trust", "--locale=C", "--encoding=UTF8", "--pgdata", str(data)]
        subprocess.run([*make, "--username", user], check=True, capture_output=True, **_as(user))
        settings = [word for setting in QUICK for word in ("-c", setting)]
        command = [str(programs() / "postgres"), "-D", str(data), "-k", str(folder), *settings]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, **_as(user))
        made, deadline = Server(folder, user), time.monotonic() + START_SECONDS
        while subprocess.run([str(programs() / "pg_isready"), "-q", "-h", str(folder)]).returncode:
            assert process.poll() is None and time.monotonic() < deadline, (folder / "log").read_text()
            time.sleep(0.05)
        yield made
    finally:
        if process:
            process.send_signal(2)  # fast shutdown
            process.wait(START_SECONDS)
        shutil.rmtree(folder)


def _as(user: str) -> dict[str, str]:
    return {"user": user, "cwd": "/"} if os.geteuid() == 0 else {}
