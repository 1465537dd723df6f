"""`healthcard trust ...` as focal points type it: drafts from hand to hand, questions, what can't be undone, and docs/trust.md run."""

import json
import re
import shlex
from datetime import date, timedelta
from pathlib import Path

import pytest

from healthcard import card
from healthcard.sign import Key, SoftwareSigner
from healthcard.trust import custody, issued
from healthcard.trust.bundle import TrustBundle, card_hash
from healthcard.trust.report import fingerprint
from tests import builders
from tests.command import Done, commands, healthcard, terminal
from tests.test_verifier import running

DOC = Path(__file__).parent.parent / "docs" / "trust.md"
NOTHING = "Nothing was changed."


def run(*arguments: object) -> Done:
    done = healthcard(*arguments)
    assert done.code == 0, (arguments, done.err)
    return done


def key(path: Path, purpose: str) -> str:
    return run("keygen", path, "--purpose", purpose, "--test").out.strip()


@pytest.fixture
def network(tmp_path: Path) -> Path:
    """A folder with trust.bundle, a root of one key (root.key), pa-rc and its key (pa-rc.key), and a station pa-rc/1 (desk.key)."""
    for name, purpose in (("root", "root"), ("pa-rc", "organisation"), ("desk", "station")):
        key(tmp_path / f"{name}.key", purpose)
    bundle = tmp_path / "trust.bundle"
    run("trust", "init", bundle, "--root-key", tmp_path / "root.key")
    run("trust", "add-organisation", bundle, "pa-rc", tmp_path / "pa-rc.key", "--root-key", tmp_path / "root.key")
    run("trust", "add-station", bundle, "pa-rc", tmp_path / "desk.key", "--organisation-key", tmp_path / "pa-rc.key",
        "--root-key", tmp_path / "root.key")  # fmt: skip
    return tmp_path


def on_root(network: Path, command: str, *arguments: object) -> Done:
    return healthcard("trust", command, network / "trust.bundle", *arguments, "--root-key", network / "root.key")


def version(network: Path) -> int:
    return TrustBundle.load(network / "trust.bundle").version


# --- questions -------------------------------------------------------------------------------------------------------


def test_a_focal_point_who_types_only_the_command_is_asked_for_the_rest(network: Path) -> None:
    public = SoftwareSigner.generate().key.public.hex()
    answers = [("Short name", "hn-rc"), ("public key", public), ("right?", "y"), ("root key file", str(network / "root.key"))]
    done = terminal("trust", "add-organisation", network / "trust.bundle", answers=answers)
    assert done.code == 0, done.err
    assert "hn-rc is number 4. Next: healthcard trust add-station" in done.said
    assert TrustBundle.load(network / "trust.bundle").organisation_names[4] == "hn-rc"


def test_who_founds_is_asked_for_the_other_keepers(tmp_path: Path) -> None:
    public = [key(tmp_path / f"{name}.key", "root") for name in "abc"]
    answers = [("Your root key file", str(tmp_path / "a.key")), ("other keepers", " ".join(public[1:])), ("right?", "y")]
    done = terminal("trust", "init", tmp_path / "trust.bundle", answers=answers)
    assert "2 of these 3 root keys" in done.said and "1 more signatures" in done.said, done.said


def test_the_maker_of_a_key_sees_the_fingerprint_that_is_compared(tmp_path: Path) -> None:
    made = [run("keygen", tmp_path / f"{name}.key", "--purpose", "root", "--test") for name in "ab"]
    told = [one.said.partition("telephone: ")[2] for one in made]
    founded = run("trust", "init", tmp_path / "trust.bundle", "--root-key", tmp_path / "a.key", "--keeper", made[1].out.strip(), "--yes")
    assert all(told) and all(one in founded.said for one in told), founded.said


def test_no_short_secret_becomes_a_passphrase(tmp_path: Path) -> None:
    done = terminal("keygen", tmp_path / "desk.key", answers=[("desk.key: ", "4711")], passphrase=None)
    assert done.code == 1 and "choose five words" in done.said and not (tmp_path / "desk.key").exists()


def test_who_says_no_changes_nothing(network: Path) -> None:
    before = (network / "trust.bundle").read_bytes()
    done = terminal("trust", "delist-organisation", network / "trust.bundle", "pa-rc", "--root-key", network / "root.key",
                    answers=[("right?", "n")])  # fmt: skip
    assert (done.code, NOTHING in done.said) == (1, True)
    assert (network / "trust.bundle").read_bytes() == before


FINAL = {
    "revoke-card": ["0011223344556677"], "revoke-key": ["pa-rc/1"], "issued-list": ["pa-rc/1"], "delist-organisation": ["pa-rc"],
}  # fmt: skip


@pytest.mark.parametrize("command", FINAL)
def test_what_cannot_be_undone_needs_a_yes(command: str, network: Path) -> None:
    before = version(network)
    refused = on_root(network, command, *FINAL[command])
    assert (refused.code, version(network)) == (1, before)
    assert "can't be undone" in refused.said and "--yes" in refused.said
    done = on_root(network, command, *FINAL[command], "--yes")
    assert (done.code, version(network)) == (0, before + 1)
    again = on_root(network, command, *FINAL[command], "--yes")
    assert (again.code, version(network)) == (1, before + 1), "what is done is done once"


@pytest.mark.parametrize("command", ["add-organisation", "revoke-card", "revoke-key", "issued-list", "delist-organisation", "import"])
def test_where_nobody_can_be_asked_what_is_missing_is_a_usage_error(command: str, network: Path) -> None:
    assert healthcard("trust", command, network / "trust.bundle").code == 2


def test_every_command_that_changes_something_takes_yes() -> None:
    silent = {"trust show", "trust verify", "trust export"}
    for name, command in commands().items():
        if name.startswith("trust ") and name not in silent:
            assert "yes" in {param.name for param in command.params}, name


# --- drafts ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    """A network whose root is two of three keys: a.key, b.key, c.key."""
    public = {name: key(tmp_path / f"{name}.key", "root") for name in "abc"}
    keepers = ("--root-key", tmp_path / "a.key", "--keeper", public["b"], "--keeper", public["c"])
    done = run("trust", "init", tmp_path / "trust.bundle", *keepers, "--threshold", 2)
    assert "healthcard trust sign trust.bundle.draft --root-key KEYFILE" in done.out
    assert not (tmp_path / "trust.bundle").exists()
    run("trust", "sign", tmp_path / "trust.bundle.draft", "--root-key", tmp_path / "b.key", "--yes")
    return tmp_path


def test_a_draft_goes_from_keeper_to_keeper_and_becomes_the_bundle(shared: Path) -> None:
    bundle, draft = shared / "trust.bundle", shared / "trust.bundle.draft"
    assert version(shared) == 1 and not draft.exists()
    run("trust", "add-organisation", bundle, "pa-rc", SoftwareSigner.generate().key.public.hex(), "--root-key", shared / "c.key")
    assert version(shared) == 1
    verify, show = healthcard("trust", "verify", draft), run("trust", "show", draft)
    assert verify.code == 1 and "a draft of version 2; 1 more signatures" in verify.said
    assert show.out.startswith("a draft: 1 more signatures") and "pa-rc" in show.out
    same = healthcard("trust", "sign", draft, "--root-key", shared / "c.key", "--yes")
    assert same.code == 1 and "has signed this draft already" in same.said
    stranger = key(shared / "stranger.key", "root")
    refused = healthcard("trust", "sign", draft, "--root-key", shared / "stranger.key", "--yes")
    assert stranger and refused.code == 1 and "not a root key" in refused.said
    done = run("trust", "sign", draft, "--root-key", shared / "a.key", "--yes")
    assert "new organisation 3 pa-rc, key " in done.said
    assert version(shared) == 2 and not draft.exists()
    assert "rightly signed by its root" in run("trust", "verify", bundle).out


def test_a_threshold_that_is_not_named_is_more_than_half_and_stays_through_a_rotation(tmp_path: Path) -> None:
    public = {name: key(tmp_path / f"{name}.key", "root") for name in "abcd"}
    bundle, draft = tmp_path / "trust.bundle", tmp_path / "trust.bundle.draft"
    keepers = [word for name in "bc" for word in ("--keeper", public[name])]
    run("trust", "init", bundle, "--root-key", tmp_path / "a.key", *keepers)
    run("trust", "sign", draft, "--root-key", tmp_path / "b.key", "--yes")
    named = [word for name in "abd" for word in ("--keeper", public[name])]
    said = run("trust", "rotate-root", bundle, *named, "--root-key", tmp_path / "d.key", "--yes").said
    assert "from now on 2 of these 3 root keys" in said and said.count("no longer a root key") == 1
    assert "2 more signatures" in healthcard("trust", "verify", draft).said
    old = tmp_path / "old.bundle"
    old.write_bytes(bundle.read_bytes())
    prints = {name: fingerprint(Key(bytes.fromhex(public[name]))) for name in "abcd"}
    half = run("trust", "sign", draft, "--root-key", tmp_path / "a.key", "--yes").out
    assert [name for name in "abcd" if prints[name] in half] == ["b", "c"], "of the root before, one is still to sign"
    signed = run("trust", "sign", draft, "--root-key", tmp_path / "b.key", "--yes").said
    assert [root.threshold for root in TrustBundle.load(bundle).roots] == [2, 2]
    for told in (signed, run("trust", "import", old, bundle).said):  # to who signs it and to who follows it
        assert f"{prints['d']}, new" in told and f"no longer a root key: {prints['c']}" in told
    first = run("trust", "import", tmp_path / "new.bundle", bundle, "--yes").said + run("trust", "verify", bundle).said
    assert [first.count(prints[name]) for name in "abcd"] == [2, 2, 0, 2], "asked are the keys that sign now"
    lost = healthcard("trust", "revoke-card", bundle, "00" * 8, "--root-key", tmp_path / "c.key", "--yes")
    assert lost.code == 1 and "not any more" in lost.said and not draft.exists()


def test_a_draft_that_waits_is_not_lost_to_the_next_change(shared: Path) -> None:
    bundle, draft = shared / "trust.bundle", shared / "trust.bundle.draft"
    run("trust", "revoke-card", bundle, "00" * 8, "--root-key", shared / "a.key", "--yes")
    before = draft.read_bytes()
    done = healthcard("trust", "revoke-card", bundle, "11" * 8, "--root-key", shared / "a.key", "--yes")
    assert done.code == 1 and "waits for signatures" in done.said
    assert draft.read_bytes() == before


def test_a_draft_that_became_a_bundle_elsewhere_is_in_nobodys_way(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keepers sit at machines of their own: who made a draft still has it when the bundle comes back."""
    bundle, draft = shared / "trust.bundle", shared / "trust.bundle.draft"
    run("trust", "revoke-card", bundle, "0011223344556677", "--root-key", shared / "a.key", "--yes")
    elsewhere = tmp_path_factory.mktemp("bo")
    for path in (bundle, draft):
        (elsewhere / path.name).write_bytes(path.read_bytes())
    run("trust", "sign", elsewhere / draft.name, "--root-key", shared / "b.key", "--yes")
    run("trust", "import", bundle, elsewhere)
    again = healthcard("trust", "sign", draft, "--root-key", shared / "a.key", "--yes")
    assert again.code == 1 and "it was signed by enough, or came too late" in again.said
    run("trust", "revoke-card", bundle, "0011223344556688", "--root-key", shared / "a.key", "--yes")
    assert "a draft of version 3" in healthcard("trust", "verify", draft).said


def test_a_keeper_whose_clock_is_ahead_dates_no_bundle(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its date would be the least "now" of every reader, and every station's clock would seem to be behind."""
    with monkeypatch.context() as patch:
        patch.setattr("healthcard.commands.withdraw.today", lambda: date(2040, 5, 5))
        made = run("trust", "revoke-card", shared / "trust.bundle", "0011223344556677", "--root-key", shared / "a.key", "--yes")
    assert "version 2, issued 2040-05-05, expires 2040-08-03" in made.said
    refused = healthcard("trust", "sign", shared / "trust.bundle.draft", "--root-key", shared / "b.key", "--yes")
    assert refused.code == 1 and f"dated 2040-05-05, and here it is {date.today()}" in refused.said
    assert version(shared) == 1


@pytest.mark.parametrize("day", [date(1970, 1, 1), date(2019, 12, 31), date(9999, 12, 31)])
def test_a_clock_that_cannot_be_right_is_named(day: date, network: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("healthcard.commands.keepers.date", type("Day", (date,), {"today": staticmethod(lambda: day)}))
    for command in (["revoke-card", "0011223344556677"], ["delist-organisation", "pa-rc"], ["add-sealing-key", "07" * 32]):
        done = on_root(network, *command, "--yes")
        assert (done.code, done.said) == (1, f"healthcard: bad-bundle the clock of this device says {day}: set it")
    assert version(network) == 3


def test_a_draft_can_be_made_by_someone_who_holds_no_root_key(shared: Path) -> None:
    run("trust", "revoke-card", shared / "trust.bundle", "00" * 8, "--yes")
    for name in "bc":
        run("trust", "sign", shared / "trust.bundle.draft", "--root-key", shared / f"{name}.key", "--yes")
    assert len(TrustBundle.load(shared / "trust.bundle").content.withdrawn) == 1


def test_a_draft_that_does_not_follow_the_bundle_held_is_not_signed(shared: Path) -> None:
    run("trust", "revoke-card", shared / "trust.bundle", "00" * 8, "--root-key", shared / "a.key", "--yes")
    late = shared / "late.draft"
    (shared / "trust.bundle.draft").rename(late)
    run("trust", "revoke-card", shared / "trust.bundle", "11" * 8, "--root-key", shared / "a.key", "--yes")
    run("trust", "sign", shared / "trust.bundle.draft", "--root-key", shared / "b.key", "--yes")
    done = healthcard("trust", "sign", late, "--bundle", shared / "trust.bundle", "--root-key", shared / "b.key", "--yes")
    assert done.code == 1 and "does not follow version 2" in done.said


def test_a_draft_with_a_wrong_signature_is_no_draft(shared: Path) -> None:
    run("trust", "revoke-card", shared / "trust.bundle", "00" * 8, "--root-key", shared / "a.key", "--yes")
    draft = shared / "trust.bundle.draft"
    held = draft.read_bytes()
    draft.write_bytes(held[:-1] + bytes([held[-1] ^ 1]))
    for command in (("verify", draft), ("show", draft), ("sign", draft, "--root-key", shared / "b.key", "--yes")):
        done = healthcard("trust", *command)
        assert done.code == 1 and "not a trust bundle" in done.said


# --- organisations, cards, lists -------------------------------------------------------------------------------------


def test_an_organisation_signs_its_list_alone_and_the_root_takes_it(network: Path) -> None:
    bundle, out = network / "trust.bundle", network / "pa-rc.stations"
    fresh = key(network / "second.key", "station")
    january = date(date.today().year + 1, 1, 1)
    signed = ("--organisation-key", network / "pa-rc.key", "--out", out, "--first-day", january)
    done = run("trust", "sign-stations", bundle, "pa-rc", fresh, *signed)
    assert "healthcard trust accept-stations BUNDLE pa-rc.stations" in done.out
    assert version(network) == 3
    said = on_root(network, "accept-stations", out).said
    assert f"new station pa-rc/2: {Key(bytes.fromhex(fresh)).kid.hex()} Ed25519 {january}" in said
    [organisation] = TrustBundle.load(bundle).content.organisations
    assert [(s.number, s.first, s.last) for s in organisation.stations if s.number == 2] == [(2, january, january + timedelta(183))]
    again = on_root(network, "accept-stations", out)
    assert again.code == 1 and "older station list" in again.said


def test_a_station_that_is_dropped_is_named_before_anybody_confirms(network: Path) -> None:
    out = network / "pa-rc.stations"
    run("trust", "sign-stations", network / "trust.bundle", "pa-rc", "--drop", 1, "--organisation-key", network / "pa-rc.key", "--out", out)
    assert "no longer listed: station pa-rc/1" in on_root(network, "accept-stations", out).said


def test_a_list_signed_by_a_stranger_renews_nothing_without_a_yes(network: Path) -> None:
    """The keepers see another fingerprint than the organisation tells them; nobody can say yes by accident."""
    key(network / "thief.key", "organisation")
    out = network / "pa-rc.stations"
    done = run("trust", "sign-stations", network / "trust.bundle", "pa-rc", "--organisation-key", network / "thief.key", "--out", out)
    assert "renew-organisation" in done.out
    assert on_root(network, "accept-stations", out).code == 1
    refused = on_root(network, "renew-organisation", out)
    assert refused.code == 1 and "compare by telephone" in refused.said and version(network) == 3


def test_a_card_is_withdrawn_by_its_picture_and_its_issuer_is_shown_first(network: Path) -> None:
    record = network / "child.json"
    record.write_text(json.dumps(builders.infant(on=date.today() - timedelta(1), age_days=300, observations={"muac": 141}).to_json()))
    run("issue", record, "--key", network / "desk.key", "--bundle", network / "trust.bundle", "--out", network)
    said = on_root(network, "revoke-card", network / "child.png", "--yes").said
    assert f"issued {date.today()} by pa-rc: verified" in said
    assert healthcard("read", network / "child.png", "--bundle", network / "trust.bundle").code == 3
    text = (network / "child.txt").read_text().strip()
    assert card.read(text, bundle=TrustBundle.load(network / "trust.bundle")).verdict == "withdrawn"


def test_an_id_is_taken_as_it_is_told_on_the_telephone(network: Path) -> None:
    done = on_root(network, "revoke-card", "0011 2233 4455 66AB", "--yes")
    assert done.code == 0 and card_hash(bytes.fromhex("00112233445566ab")) in TrustBundle.load(network / "trust.bundle").content.withdrawn


@pytest.mark.parametrize(("command", "given"), [("revoke-key", ["pa-rc/1", "--day", "1999-01-01"]),
                                                ("add-sealing-key", ["07" * 32, "--first-day", "2300-01-01"])])  # fmt: skip
def test_a_day_that_no_bundle_can_hold_is_a_usage_error(command: str, given: list[str], network: Path) -> None:
    done = on_root(network, command, *given, "--yes")
    assert done.code == 2 and "of the years 2020 to 2198" in done.said


def test_a_sealing_key_of_another_size_is_refused_in_words(network: Path) -> None:
    done = on_root(network, "add-sealing-key", "0707", "--yes")
    assert (done.code, done.said) == (1, "healthcard: bad-bundle the public key of an epoch is 32 bytes")


def test_later_issued_lists_are_added_to_the_earlier(network: Path) -> None:
    lists = [network / name for name in ("one.issued", "two.issued")]
    for n, path in enumerate(lists):
        issued.add(path, [bytes([n]) * 16, bytes([9]) * 16])
        assert on_root(network, "issued-list", "pa-rc/1", path, "--yes").code == 0
    [revoked] = TrustBundle.load(network / "trust.bundle").content.revoked
    assert revoked.listed == {bytes([n]) * 16 for n in (0, 1, 9)}
    plain = on_root(network, "revoke-key", "pa-rc/1", "--yes")
    assert plain.code == 1 and "stricter" in plain.said


def test_a_long_issued_list_stops_no_station_and_makes_no_bundle_that_nobody_takes(network: Path) -> None:
    long = network / "long.issued"
    issued.add(long, (n.to_bytes(16) for n in range(17_000)))
    issued.add(long, [bytes([255]) * 16])
    assert len(issued.load(long)) == 17_001
    done = on_root(network, "issued-list", "pa-rc/1", long, "--yes")
    assert done.code == 1 and "larger than 256 KiB" in done.said and version(network) == 3


@pytest.mark.parametrize("data", [b"x" * 15, b"b" * 16 + b"a" * 16, b"a" * 32], ids=["cut off", "out of order", "twice"])
def test_a_damaged_issued_list_is_refused(data: bytes, network: Path) -> None:
    (network / "desk.issued").write_bytes(data)
    done = on_root(network, "issued-list", "pa-rc/1", network / "desk.issued", "--yes")
    assert done.code == 1 and "not an issued list" in done.said


def test_sealing_keys_come_by_epoch_and_go_when_it_is_over(network: Path) -> None:
    past = date.today() - timedelta(40)
    for name in ("past", "now"):
        run("keygen", network / f"{name}.key", "--purpose", "epoch", "--test")
    assert on_root(network, "add-sealing-key", network / "past.key", "--first-day", past).code == 0
    assert "retired: the sealing key" in on_root(network, "add-sealing-key", network / "now.key", "--retire").said
    bundle = TrustBundle.load(network / "trust.bundle")
    assert [(s.first, s.last) for s in bundle.content.sealing] == [(date.today(), date.today() + timedelta(30))]
    assert bundle.sealing_key(date.today()) and not bundle.sealing_key(past)
    assert on_root(network, "add-sealing-key", network / "desk.key").code == 1


# --- carrying a bundle around ----------------------------------------------------------------------------------------


def test_a_first_bundle_is_taken_only_after_its_root_was_looked_at(network: Path) -> None:
    phone = network / "phone.bundle"
    refused = healthcard("trust", "import", phone, network / "trust.bundle")
    assert refused.code == 1 and not phone.exists() and "--yes" in refused.said
    done = terminal("trust", "import", phone, network / "trust.bundle", answers=[("Are they?", "y")])
    assert done.code == 0 and TrustBundle.load(phone).version == 3


def test_a_picture_that_shows_no_bundle_is_named(network: Path) -> None:
    shown = network / "screen.png"
    run("trust", "export", network / "trust.bundle", "--to", "qr", "--out", shown)
    (network / "notes.txt").write_text("no picture")
    for other in ("notes.txt", "root.key"):
        done = healthcard("trust", "import", network / "phone.bundle", shown, network / other, "--yes")
        assert done.code == 1 and f"{network / other}: not a picture" in done.said


def test_an_older_bundle_and_another_network_are_not_imported(network: Path) -> None:
    older = network / "older.bundle"
    older.write_bytes((network / "trust.bundle").read_bytes())
    assert on_root(network, "revoke-card", "00" * 8, "--yes").code == 0
    done = healthcard("trust", "import", network / "trust.bundle", older)
    assert done.code == 1 and "rollback" in done.said
    older.write_bytes(custody.found("test", [SoftwareSigner.generate()], 1, date.today()).raw)
    done = healthcard("trust", "import", network / "trust.bundle", older)
    assert done.code == 1 and "another network or root" in done.said
    assert version(network) == 4


def test_an_address_is_asked_for_what_changed_only(network: Path) -> None:
    with running(network / "trust.bundle", date.today()) as client:
        address = client.base_url.join("/v1/trust")
        phone = network / "phone" / "trust.bundle"
        phone.parent.mkdir()
        assert "version 3" in run("trust", "import", phone, address, "--yes").out
        assert (phone.parent / "trust.bundle.etag").exists()
        assert "is the newest there" in run("trust", "import", phone, address).out
        (phone.parent / "trust.bundle.etag").write_bytes(b"\xff\n\n\n")
        assert "is the newest there" in run("trust", "import", phone, address).out
        assert on_root(network, "revoke-card", "00" * 8, "--yes").code == 0
        assert "version 4" in run("trust", "import", phone, address).out


def test_a_bundle_is_exported_as_file_symbols_and_key_set(network: Path) -> None:
    stick = network / "stick"
    stick.mkdir()
    bundle = network / "trust.bundle"
    run("trust", "export", bundle, "--to", "file", "--out", stick)
    assert (stick / "trust.bundle").read_bytes() == bundle.read_bytes()
    run("trust", "export", bundle, "--to", "jwks", "--out", stick / "keys.json")
    [one] = json.loads((stick / "keys.json").read_text())["keys"]
    assert (one["issuer"], one["kty"]) == ("pa-rc", "OKP")
    assert "Show it" in run("trust", "export", bundle, "--to", "qr", "--out", stick).out
    phone = network / "phone.bundle"
    run("trust", "import", phone, stick / "trust.png", "--yes")
    assert phone.read_bytes() == bundle.read_bytes()
    missing = healthcard("trust", "export", bundle, "--to", "file", "--out", network / "none" / "x")
    assert missing.code == 1


# --- docs/trust.md ---------------------------------------------------------------------------------------------------


def documented() -> list[str]:
    blocks = re.findall(r"^```sh\n(.*?)^```", DOC.read_text(encoding="utf-8"), re.M | re.S)
    return [line for block in blocks for line in block.splitlines() if line]


def test_every_command_in_the_page_on_trust_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the order of the page, in one folder; `bo` signs each draft that `ana` leaves, as the page says."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "stick").mkdir()
    issued.add(Path("desk.issued"), [bytes(16)])
    today = date.today()
    known = {"TODAY": today.isoformat(), "JANUARY": date(today.year + 1, 1, 1).isoformat()}
    for name, purpose in (("dua", "root"), ("hn-rc-2", "organisation")):
        known[name.upper()] = run("keygen", f"{name}.key", "--purpose", purpose).out.strip()
    for line in documented():
        words = [re.sub(r"\$([A-Z_]+)", lambda match: known[match[1]], word) for word in shlex.split(line)]
        assert words.pop(0) == "healthcard"
        with_address(words, tmp_path)
        if words[0] == "keygen":
            known[words[1].removesuffix(".key").replace("-", "_").upper()] = run(*words).out.strip()
            continue
        yes = "yes" in {param.name for param in commands()[" ".join(words[:2])].params}
        run(*words, *(["--yes"] if yes else []))
        if "--root-key" in words and Path("trust.bundle.draft").exists() and words[1] != "init":
            run("trust", "sign", "trust.bundle.draft", "--root-key", "bo.key", "--yes")
        assert not Path("trust.bundle.draft").exists() or words[1] == "init"
    held = TrustBundle.load(Path("trust.bundle"))
    assert (held.network, len(held.roots), held.roots[-1].threshold) == ("real", 2, 2)
    assert held.content.organisations[0].delisted == today


def with_address(words: list[str], folder: Path) -> None:
    """Put a verifier of the test in place of the address of the page."""
    if any(word.startswith("https://verifier.example.org") for word in words):
        with running(folder / "trust.bundle", date.today()) as client:
            run(*words[:-1], client.base_url.join("/v1/trust"))
        words[:] = ["trust", "verify", "phone.bundle"]


def test_the_page_on_trust_shows_every_command_of_custody() -> None:
    shown = {" ".join(line.split()[1:3]) for line in documented()}
    pilot = {"trust add-station"}  # for who holds all keys in one hand
    assert {name for name in commands() if name.startswith("trust ")} - shown == pilot
