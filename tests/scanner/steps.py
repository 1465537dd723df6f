"""What a volunteer does with the scanner, as functions; and pictures of what he sees, where HEALTHCARD_SCREENSHOTS names a folder."""

import os
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from playwright.sync_api import BrowserContext, Page

from healthcard import keyfile
from healthcard.keyfile import KeyFile
from healthcard.trust import custody
from healthcard.trust.bundle import SealingKey
from tests import browser
from tests.world import World

EPOCH_PASSPHRASE = "an epoch of tests"
# What the camera gives is kept, to see whether it is on.
CAMERA_KEPT = """
const real = navigator.mediaDevices && navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
if (real) navigator.mediaDevices.getUserMedia = async (wanted) => { window.given = await real(wanted); return window.given; };
"""


def opened(context: BrowserContext, service: httpx.Client) -> Page:
    """The scanner after its first visit: installed, and with the list of issuers."""
    page = context.pages[0]
    page.goto(str(service.base_url))
    page.click("#from-network")
    believed(page)
    page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
    page.reload()
    page.wait_for_selector("#scan")
    return page


def believed(page: Page) -> None:
    """The first list of issuers is there: he compared the root's keys, and says that they are right."""
    page.click("#issuers-right")
    page.wait_for_selector("#bundle-said:not(:empty)")


def read_text(page: Page, *texts: str) -> str:
    """The verdict on card texts that were typed in."""
    page.click("#type")
    page.fill("#text", "\n".join(texts))
    page.evaluate("() => { delete document.body.dataset.verdict; }")
    page.click("#read")
    return browser.verdict(page)


def until(page: Page, question: str, seconds: float = 15 * browser.SLOW) -> None:
    """Ask again until the page says yes."""
    deadline = time.monotonic() + seconds
    while not page.evaluate(question):
        assert time.monotonic() < deadline, question
        page.wait_for_timeout(50)


def sealing(world: World, folder: Path) -> World:
    """The network with a sealing key: its `trust.bundle` and its `epoch.key` in `folder`."""
    secret = bytes(range(1, 33))
    public = X25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()
    keyfile.save(folder / "epoch.key", secret, KeyFile("epoch", "test", "epoch 1", "X25519", public), EPOCH_PASSPHRASE)
    key = SealingKey(public, world.today - timedelta(5), world.today + timedelta(30))
    sealed = replace(world, bundle=custody.revise(world.bundle, [world.root_signer], world.today, sealing=(key,)))
    sealed.bundle.save(folder / "trust.bundle")
    return sealed


def screenshot(page: Page, name: str) -> None:
    """What is on the screen, the whole length of it, for the gallery and for whoever looks."""
    if folder := os.environ.get("HEALTHCARD_SCREENSHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def open_seal(page: Page, key: Path, passphrase: str = EPOCH_PASSPHRASE) -> None:
    """Ask for the sealed entries of the card that is shown, with the key file of its epoch."""
    page.click("summary")
    page.click("#unlock")
    page.set_input_files("#epoch-key", key)
    page.fill("#passphrase", passphrase)
    page.click("#open-seal")
