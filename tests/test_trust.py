"""The trust bundle against what goes wrong: an older list, no newer list, too few keys, dead keys, a power cut; each by name."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from healthcard import card, files
from healthcard.errors import Rollback, TrustError
from healthcard.record import Record
from healthcard.sign import ED25519, ESP256, Key, SoftwareSigner
from healthcard.trust import bundle as trust
from healthcard.trust import changes, custody
from healthcard.trust.bundle import CONTINUE, ISSUE, Root, SealingKey, TrustBundle, published_signer
from tests import builders
from tests.world import World

TODAY = date(2026, 7, 2)
KEEPERS = [published_signer(n) for n in (17, 18, 19)]


@pytest.fixture(scope="module")
def world() -> World:
    return World.build(TODAY)


@pytest.fixture(scope="module")
def record() -> Record:
    return builders.infant(on=TODAY, age_days=300, observations={"muac": 131})


def shared(threshold: int = 2) -> TrustBundle:
    return custody.found("test", KEEPERS, threshold, TODAY)


# --- rollback and freeze ---------------------------------------------------------------------------------------------


def test_rollback_an_older_bundle_is_refused_in_memory_and_on_disk(world: World, tmp_path: Path) -> None:
    newer, path = world.next_bundle(), tmp_path / "trust.bundle"
    newer.save(path)
    with pytest.raises(Rollback):
        newer.update(world.bundle)
    with pytest.raises(Rollback):
        world.bundle.save(path)
    assert TrustBundle.load(path).version == newer.version


def test_rollback_another_bundle_of_the_version_held_is_refused(world: World) -> None:
    one, other = (custody.revise(world.bundle, [world.root_signer], day) for day in (TODAY, TODAY + timedelta(1)))
    assert one.version == other.version
    with pytest.raises(TrustError, match="two trust bundles of one version"):
        one.update(other)


def test_freeze_a_bundle_that_never_gets_newer_reads_on_and_shows_its_age(world: World, record: Record) -> None:
    issued = world.issue(record)
    for days in (0, 89, 90, 91, 425, 3650):
        reading = card.read(issued.text, bundle=world.bundle, now=TODAY + timedelta(days))
        assert reading.verdict == "verified"
        assert reading.bundle_age_days == days
        assert ("old-bundle" in reading.notices) == (days > custody.BUNDLE_LIFE.days)


def test_expired_a_bundle_loads_and_still_takes_the_place_of_an_older_one(world: World) -> None:
    newer = custody.revise(world.bundle, [world.root_signer], date(2019, 1, 1))
    assert newer.issued == world.bundle.issued, "a keeper's wrong clock does not date a bundle back"
    assert world.bundle.update(TrustBundle.load(newer.raw)).version == newer.version


# --- threshold and rotation ------------------------------------------------------------------------------------------


def test_threshold_a_draft_becomes_a_bundle_with_enough_distinct_keys() -> None:
    draft = custody.next_version(shared(), changes.revoke_cards(shared().content, [bytes(8)], TODAY), TODAY)
    assert draft.missing() == 2
    one = draft.signed_by(KEEPERS[0])
    assert one.missing() == 1
    with pytest.raises(TrustError, match="1 more signatures"):
        TrustBundle.load(one.raw)
    assert TrustBundle.load(one.signed_by(KEEPERS[2]).raw).version == 2


def test_one_key_that_signs_again_is_not_counted_again() -> None:
    draft = custody.next_version(shared(), shared().content, TODAY)
    one = draft.signed_by(KEEPERS[0])
    assert one.signed_by(KEEPERS[0]) == one
    payload, header, signature = one.message.item()
    twice = replace(one, message=trust.Envelope.parse(one.raw).message)
    doubled = replace(twice, message=replace(twice.message, signatures=one.message.signatures * 2))
    assert doubled.message.item() == [payload, header, signature, header, signature]
    with pytest.raises(TrustError, match="signed already"):
        TrustBundle.load(doubled.raw)


def test_one_key_listed_twice_makes_no_root() -> None:
    with pytest.raises(TrustError):
        Root(2, (KEEPERS[0].key, KEEPERS[0].key))


def test_a_stranger_cannot_sign_a_draft() -> None:
    with pytest.raises(TrustError, match="not a root key"):
        custody.next_version(shared(), shared().content, TODAY).signed_by(published_signer(20))


def test_a_lost_root_key_is_replaced_by_those_left_and_readers_follow() -> None:
    held, fresh = shared(), published_signer(20)
    root = Root(2, (KEEPERS[0].key, KEEPERS[1].key, fresh.key))
    draft = custody.rotation(held, root, TODAY)
    assert draft.missing() == 2
    assert draft.signed_by(fresh).missing() == 2, "the old threshold is not met by a new key"
    rotated = custody.complete(draft.signed_by(KEEPERS[0]).signed_by(KEEPERS[1]))
    assert held.update(rotated).roots[-1] == root
    lost = custody.next_version(rotated, rotated.content, TODAY)
    with pytest.raises(TrustError):
        custody.complete(lost.signed_by(KEEPERS[2]).signed_by(fresh))
    after = custody.complete(lost.signed_by(KEEPERS[0]).signed_by(fresh))
    assert held.update(after).version == 3, "a reader that slept through the rotation follows the chain"


def test_a_new_root_cannot_take_over_without_the_old_threshold() -> None:
    held, new = shared(), [published_signer(n) for n in (20, 21)]
    draft = custody.rotation(held, Root(2, tuple(signer.key for signer in new)), TODAY)
    for signer in [*new, KEEPERS[0]]:
        draft = draft.signed_by(signer)
    assert draft.missing() == 1
    with pytest.raises(TrustError):
        custody.complete(draft)


def test_signatures_that_are_not_needed_are_not_added() -> None:
    draft = custody.signed(custody.next_version(shared(), shared().content, TODAY), KEEPERS)
    assert len(draft.message.signatures) == 2


# --- keys ------------------------------------------------------------------------------------------------------------


def test_degenerate_keys_are_refused_wherever_a_bundle_has_a_key(world: World) -> None:
    for public in (bytes(32), b"\1" + bytes(31), b"\2" + bytes(31) + b"\1"):
        with pytest.raises(TrustError):
            Key(public)
    with pytest.raises(TrustError, match="degenerate sealing key"):
        custody.revise(world.bundle, [world.root_signer], TODAY, sealing=(SealingKey(bytes(32), TODAY, TODAY),))


def test_colliding_kids_both_stations_are_found_and_neither_is_revoked_for_the_other(world: World, record: Record) -> None:
    """Two keys of one kid, in two organisations; the kid alone names neither."""
    bundle, pair = world.bundle, (published_signer(57422), published_signer(110998))
    for name, signer in zip(("pa-rc", "cr-rc"), pair, strict=True):
        owner = world.organisation_signers[name]
        bundle = custody.add_station(bundle, [world.root_signer], name, owner, signer.key, ISSUE, TODAY, TODAY)
    assert pair[0].key.kid == pair[1].key.kid
    texts = [card.issue(record, signer, bundle, now=TODAY).text for signer in pair]
    with pytest.raises(TrustError, match="pa-rc/1 and cr-rc/1 have this kid"):
        changes.station(bundle.content, pair[0].key.kid.hex())
    _, found = changes.station(bundle.content, "pa-rc/1")
    content = changes.revoke_key(bundle.content, found.key, TODAY)
    bundle = custody.complete(custody.next_version(bundle, content, TODAY).signed_by(world.root_signer))
    assert [card.read(text, bundle=bundle, now=TODAY).verdict for text in texts] == ["withdrawn", "verified"]


@pytest.mark.parametrize("algorithm", [ED25519, ESP256])
def test_published_test_keys_are_refused_in_production_wherever_they_stand(algorithm: int) -> None:
    root, own, published = SoftwareSigner.generate(), SoftwareSigner.generate(), published_signer(31, algorithm)
    with pytest.raises(TrustError, match="published test key"):
        custody.found("real", [published], 1, TODAY)
    bundle = custody.found("real", [root], 1, TODAY)
    with pytest.raises(TrustError, match="published test key"):
        custody.add_organisation(bundle, [root], "pa-rc", published.key, TODAY)
    bundle = custody.add_organisation(bundle, [root], "pa-rc", own.key, TODAY)
    with pytest.raises(TrustError, match="published test key"):
        custody.add_station(bundle, [root], "pa-rc", own, published.key, ISSUE, TODAY, TODAY)
    with pytest.raises(TrustError, match="published test key"):
        custody.complete(custody.rotation(bundle, Root(1, (root.key, published.key)), TODAY).signed_by(root))


def test_a_key_that_stands_somewhere_is_not_taken_for_a_second_station(world: World) -> None:
    owner = world.organisation_signers["mx-rc"]
    for key in (world.station_signer.key, owner.key, world.organisation_signers["pa-rc"].key):
        with pytest.raises(TrustError, match="has this key already"):
            custody.add_station(world.bundle, [world.root_signer], "mx-rc", owner, key, CONTINUE, TODAY, TODAY)


# --- killed at every write -------------------------------------------------------------------------------------------

SYSCALLS = ("open", "write", "fsync", "close", "replace", "unlink")


class Dead(BaseException):
    """The process is gone: nothing after this happens."""


def dying(patch: pytest.MonkeyPatch, at: int, opened: set[int] | None = None, short: bool = False) -> list[str]:
    """Make the `at`-th call of the system, and all after it, fail; `short` writes a byte at a time. Returns the calls as they come.

    Files that the dead process had `opened` are to be closed for it, as the system would.
    """
    calls: list[str] = []
    left = set() if opened is None else opened

    def wrapped(name: str, real: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: object, **named: object) -> object:
            calls.append(name)
            if len(calls) > at:
                raise Dead
            if short and name == "write":
                return real(arguments[0], bytes(arguments[1])[:1])  # type: ignore[call-overload]
            result = real(*arguments, **named)
            if name == "open":
                left.add(result)  # type: ignore[arg-type]
            elif name == "close":
                left.discard(arguments[0])  # type: ignore[arg-type]
            return result

        return call

    for name in SYSCALLS:
        patch.setattr(files.os, name, wrapped(name, getattr(os, name)))
    return calls


def test_a_process_that_dies_at_any_system_call_leaves_the_old_bundle_or_the_new(world: World, tmp_path: Path) -> None:
    old, new, path = world.bundle, world.next_bundle(), tmp_path / "trust.bundle"
    outcomes = []
    for at in range(100):
        path.unlink(missing_ok=True)
        old.save(path)
        left: set[int] = set()
        with pytest.MonkeyPatch.context() as patch:
            calls = dying(patch, at, left)
            try:
                new.save(path)
                break
            except Dead:
                pass
        for descriptor in left:
            os.close(descriptor)
        held = TrustBundle.load(path)
        assert held.raw in (old.raw, new.raw)
        outcomes.append(held.version)
        assert TrustBundle.load(path).update(new).version == new.version
        with pytest.raises(Rollback):
            custody.found("test", [world.root_signer], 1, TODAY).save(path)
    assert outcomes == sorted(outcomes) and {*outcomes} == {old.version, new.version}
    assert {"open", "write", "fsync", "replace", "close"} <= set(calls)
    assert calls.index("fsync") < calls.index("replace"), "the new content is on the disk before it takes the old one's place"


@pytest.mark.parametrize("fault", SYSCALLS)
def test_a_disk_that_refuses_one_kind_of_call_is_said_and_nothing_is_lost(fault: str, world: World, tmp_path: Path) -> None:
    path = tmp_path / "trust.bundle"
    world.bundle.save(path)
    with pytest.MonkeyPatch.context() as patch:

        def refuse(*_: object, **__: object) -> None:
            raise OSError(28, "No space left on device")

        patch.setattr(files.os, fault, refuse)
        if fault == "unlink":  # only used to tidy up after another fault
            patch.setattr(files.os, "replace", refuse)
        with pytest.raises(TrustError, match="No space left"):
            world.next_bundle().save(path)
    assert TrustBundle.load(path).version in (world.bundle.version, world.bundle.version + 1)


def test_writes_that_come_in_single_bytes_are_put_together(world: World, tmp_path: Path) -> None:
    path = tmp_path / "trust.bundle"
    with pytest.MonkeyPatch.context() as patch:
        dying(patch, 10**9, short=True)
        world.bundle.save(path)
    assert path.read_bytes() == world.bundle.raw


WRITER = """
import sys
from pathlib import Path
from healthcard.trust import TrustBundle
old, new, path = (Path(argument) for argument in sys.argv[1:])
both = [TrustBundle.load(old), TrustBundle.load(new)]
print("ready", flush=True)
while True:
    path.unlink(missing_ok=True)
    for bundle in both:
        bundle.save(path)
"""


def test_a_writer_killed_at_random_moments_leaves_a_whole_bundle(world: World, tmp_path: Path) -> None:
    old, new, path = tmp_path / "old", tmp_path / "new", tmp_path / "trust.bundle"
    old.write_bytes(world.bundle.raw)
    new.write_bytes(world.next_bundle().raw)
    seen = set()
    for n in range(8):
        process = subprocess.Popen([sys.executable, "-c", WRITER, old, new, path], stdout=subprocess.PIPE)
        assert process.stdout and process.stdout.readline() == b"ready\n"
        time.sleep(0.005 + 0.0037 * n)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        if path.exists():
            seen.add(TrustBundle.load(path).version)
    assert seen <= {world.bundle.version, world.bundle.version + 1} and seen


def test_two_writers_at_once_never_leave_the_older_version(world: World, tmp_path: Path) -> None:
    """Each looks at the version held and replaces it under one lock."""
    older, newer, path = world.next_bundle(), world.bundle, tmp_path / "trust.bundle"
    newer = custody.revise(older, [world.root_signer], TODAY)
    saver = (
        "import sys; from pathlib import Path; from healthcard.trust import TrustBundle;"
        "TrustBundle.load(Path(sys.argv[1])).save(Path(sys.argv[2]))"
    )
    (tmp_path / "older").write_bytes(older.raw)
    (tmp_path / "newer").write_bytes(newer.raw)
    world.bundle.save(path)
    with files.locked(path):
        commands = [[sys.executable, "-c", saver, tmp_path / name, path] for name in ("older", "newer")]
        both = [subprocess.Popen(command, stderr=subprocess.PIPE) for command in commands]
        time.sleep(1)
        assert all(process.poll() is None for process in both), "both wait"
        assert TrustBundle.load(path).version == world.bundle.version
    errors = [process.communicate()[1].decode() for process in both]
    assert TrustBundle.load(path).version == newer.version
    assert both[1].returncode == 0
    assert both[0].returncode == 0 or "Rollback" in errors[0]
