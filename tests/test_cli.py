"""Every command as a user types it, from founding a network to a card read back; what it refuses is in test_cli_refusals.py."""

import json
import signal
import subprocess
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import pytest

import healthcard as library
from healthcard import sign
from healthcard.words import labels
from tests import builders
from tests.command import SCRIPT, Done, commands, healthcard, program, terminal

ORGANISATIONS = ["pa-rc", "cr-rc", "hn-rc", "gt-rc", "mx-rc", "co-rc", "ne-rc", "ml-rc", "td-rc"]
CARD = "family_three_contacts"
EXAMPLES = Path(__file__).parent.parent / "examples"
RECORD = EXAMPLES / f"{CARD}.json"
READING = ["verdict", "notices", "issuer", "issued", "bundle_age_days", "record", "handover", "parts"]


def normal(record: Path) -> dict[str, object]:
    return library.Record.from_json(record.read_bytes()).to_json()


# --- demo ----------------------------------------------------------------------------------------------------------


def test_the_demonstration_leaves_a_whole_network_and_a_card_and_names_each_file(demo_run: tuple[Path, Done]) -> None:
    folder, done = demo_run
    assert done.code == 0, done.err
    assert done.err == ""
    left = {path.name for path in folder.iterdir()}
    assert left == {"root.key", "station.key", "trust.bundle", f"{CARD}.txt", f"{CARD}.pdf", f"{CARD}.png"}
    assert all(str(folder / name) in done.out for name in left)
    assert done.out.startswith("Verified\n")
    assert "113 mm" in done.out  # the summary: a child's arm


def test_the_bundle_of_the_demonstration_lists_nine_organisations_from_3_on_and_one_station(demo: Path) -> None:
    shown = json.loads(healthcard("trust", "show", demo / "trust.bundle", "--json").out)
    assert [(o["number"], o["name"]) for o in shown["organisations"]] == list(enumerate(ORGANISATIONS, 3))
    stations = {o["name"]: o["stations"] for o in shown["organisations"] if o["stations"]}
    assert list(stations) == ["mx-rc"]
    assert [s["scope"] for s in stations["mx-rc"]] == [["issue", "continue"]]
    assert shown["network"] == "test"


def test_the_demonstration_can_be_played_with(demo: Path, tmp_path: Path) -> None:
    found = healthcard("issue", EXAMPLES / "muac_only.json", "--key", demo / "station.key", "--bundle", demo / "trust.bundle",
                       "--out", tmp_path / "new" / "cards")  # fmt: skip
    assert found.code == 0, found.err
    assert found.out.split() == [str(tmp_path / "new" / "cards" / f"muac_only{suffix}") for suffix in (".txt", ".pdf", ".png")]
    assert json.loads(healthcard("read", tmp_path / "new" / "cards" / "muac_only.pdf", "--bundle", demo / "trust.bundle",
                                 "--json").out)["verdict"] == "verified"  # fmt: skip


def test_a_second_demonstration_does_not_overwrite_the_first(demo: Path) -> None:
    done = healthcard("demo", "--out", demo)
    assert done.code == 1
    assert "choose another folder with --out" in done.said


@pytest.mark.parametrize("suffix", [".txt", ".pdf", ".png"])
def test_a_demonstration_does_not_overwrite_a_card_of_the_same_name(suffix: str, tmp_path: Path) -> None:
    held = tmp_path / f"{CARD}{suffix}"
    held.write_text("another family's")
    done = healthcard("demo", "--out", tmp_path)
    assert done.code == 1
    assert f"{held}: exists already" in done.said
    assert [(path, path.read_text()) for path in tmp_path.iterdir()] == [(held, "another family's")]


# --- founding a network --------------------------------------------------------------------------------------------


def test_a_network_is_founded_by_hand_with_the_commands_alone(tmp_path: Path) -> None:
    root, owner, station, bundle = (tmp_path / name for name in ("root.key", "bo-rc.key", "desk.key", "trust.bundle"))
    passphrases = {root: "one root", owner: "two organisation", station: "three station"}
    secrets = {path: path.with_suffix(".pass") for path in passphrases}
    for path, word in passphrases.items():
        secrets[path].write_text(word + "\n")

    def command(*arguments: object, key: Path) -> Done:
        done = healthcard(*arguments, "--passphrase-file", secrets[key], passphrase=None)
        assert done.code == 0, done.err
        return done

    public = {
        path: command("keygen", path, "--purpose", purpose, "--test", "--algorithm", algorithm, key=path).out.strip()
        for path, purpose, algorithm in ((root, "root", "Ed25519"), (owner, "organisation", "Ed25519"), (station, "station", "ESP256"))
    }
    assert len(public[station]) == 66
    command("trust", "init", bundle, "--root-key", root, key=root)
    said = command("trust", "add-organisation", bundle, "bo-rc", owner, "--root-key", root, key=root).out
    assert "version 2, bo-rc is number 3" in said
    command("trust", "add-organisation", bundle, "pe-rc", sign.SoftwareSigner.generate().key.public.hex(), "--root-key", root, key=root)
    command("trust", "add-station", bundle, "bo-rc", public[station], "--organisation-key", owner, "--root-key", root,
            "--organisation-passphrase-file", secrets[owner], "--scope", "issue", key=root)  # fmt: skip

    record = tmp_path / "child.json"
    record.write_text(json.dumps(builders.infant(on=date.today() - timedelta(3), age_days=300, observations={"muac": 141}).to_json()))
    command("issue", record, "--key", station, "--bundle", bundle, "--out", tmp_path, "--language", "en", key=station)
    reading = json.loads(healthcard("read", tmp_path / "child.png", "--bundle", bundle, "--json").out)
    assert (reading["verdict"], reading["issuer"], reading["record"]) == ("verified", "bo-rc", normal(record))

    listed = healthcard("trust", "show", bundle).out
    assert "    4 pe-rc" in listed
    assert "ESP256" in listed
    assert json.loads(healthcard("trust", "show", bundle, "--json").out)["version"] == 4


def test_keys_are_asked_for_their_passphrase_twice_when_made_and_once_when_used(demo: Path, tmp_path: Path) -> None:
    path = tmp_path / "station.key"
    made = terminal("keygen", path, "--test", answers=[("station.key: ", "correct horse"), ("Again: ", "correct horse")], passphrase=None)
    assert made.code == 0, made.out
    assert "correct horse" not in made.out  # typed unseen
    typed = terminal("issue", RECORD, "--key", path, "--bundle", demo / "trust.bundle",
                     answers=[(f"Passphrase of {path}: ", "correct horse")], passphrase=None)  # fmt: skip
    assert typed.code == 1
    assert "the key is not a station of this trust bundle" in typed.out
    slip = terminal("keygen", tmp_path / "b.key", answers=[("b.key: ", "correct horse"), ("Again: ", "corect horse")], passphrase=None)
    assert (slip.code, (tmp_path / "b.key").exists()) == (1, False)
    assert "the two passphrases differ" in slip.out


# --- read ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["text", ".txt", ".png", ".pdf", "-", "- png"])
def test_a_card_is_read_from_text_picture_pdf_and_standard_input(form: str, demo: Path) -> None:
    files = {suffix: demo / f"{CARD}{suffix}" for suffix in (".txt", ".png", ".pdf")}
    argument = files.get(form, files[".txt"].read_text().strip() if form == "text" else "-")
    stdin = files[".png" if form == "- png" else ".txt"].read_bytes() if argument == "-" else b""
    done = healthcard("read", argument, "--bundle", demo / "trust.bundle", "--json", stdin=stdin)
    assert done.code == 0, done.err
    reading = json.loads(done.out)
    assert list(reading) == READING
    assert (reading["verdict"], reading["issuer"], reading["record"]) == ("verified", "mx-rc", normal(RECORD))
    assert reading["notices"] == ["copied"]
    assert [part["verdict"] for part in reading["parts"]] == ["verified"]


def test_one_card_given_several_times_is_one_part(demo: Path) -> None:
    again = [demo / f"{CARD}{suffix}" for suffix in (".txt", ".png", ".pdf")]
    reading = json.loads(healthcard("read", *again, "--bundle", demo / "trust.bundle", "--json").out)
    assert len(reading["parts"]) == 1


def test_a_text_file_of_windows_reads_the_same(demo: Path, tmp_path: Path) -> None:
    path = tmp_path / "card.txt"
    path.write_bytes(b"\xef\xbb\xbf\r\n" + (demo / f"{CARD}.txt").read_bytes().replace(b"\n", b"\r\n"))
    assert healthcard("read", path, "--bundle", demo / "trust.bundle").code == 0


def test_a_card_that_is_not_verified_is_shown_and_exits_3(demo: Path) -> None:
    text = (demo / f"{CARD}.txt").read_text().strip()
    altered = text[:-1] + ("0" if text[-1] != "0" else "1")
    done = healthcard("read", altered, "--bundle", demo / "trust.bundle", "--json")
    reading = json.loads(done.out)
    assert (done.code, reading["verdict"]) == (3, "altered")
    assert reading["record"] == normal(RECORD)  # as told by her
    shown = healthcard("read", altered, "--bundle", demo / "trust.bundle", "--language", "en")
    assert shown.code == 3
    assert not shown.out.startswith("Verified")
    assert "113 mm" in shown.out


@pytest.mark.parametrize("text", ["MCT1:", "MCT1:AB", "mct1:AB", "MCH2:AB", "MCH1:" + "A" * 5000, "X" + "MCT1:" * 40])
def test_what_is_like_a_card_text_but_none_is_unreadable_and_exits_3(text: str, demo: Path) -> None:
    done = healthcard("read", text, "--bundle", demo / "trust.bundle", "--json")
    assert (done.code, json.loads(done.out)["verdict"]) == (3, "unreadable")


@pytest.mark.parametrize("language", labels.LANGUAGES)
def test_a_card_reads_in_every_language(language: str, demo: Path) -> None:
    done = healthcard("read", demo / f"{CARD}.txt", "--bundle", demo / "trust.bundle", "--language", language)
    assert done.code == 0
    assert labels.label("verdict", "verified.title", language).text in done.out


# --- size and vocabulary -------------------------------------------------------------------------------------------


def test_size_tells_bytes_characters_and_symbol_and_no_more(demo: Path) -> None:
    told = json.loads(healthcard("size", RECORD, "--json", "--bundle", demo / "trust.bundle").out)
    assert {key: type(value) for key, value in told.items()} == {"bytes": int, "characters": int, "symbol": dict}
    assert {key: type(value) for key, value in told["symbol"].items()} == {"version": int, "level": str, "side_mm": float}
    assert told["characters"] == len((demo / f"{CARD}.txt").read_text().strip())
    assert healthcard("size", RECORD).out == "{} bytes, {} characters, symbol version {}-{}, 40 mm\n".format(
        told["bytes"], told["characters"], told["symbol"]["version"], told["symbol"]["level"]
    )


def test_the_vocabulary_lists_its_tables_and_their_entries() -> None:
    tables = json.loads(healthcard("vocabulary", "--json").out)
    assert {"findings", "medicines", "vaccines", "observations_infant"} <= {row["table"] for row in tables}
    for row in tables:
        entries = json.loads(healthcard("vocabulary", row["table"], "--json", "--language", "es").out)
        assert len(entries) == row["entries"]
        assert list(entries[0]) == ["number", "key", "label", "unit", "sensitivity"]
    assert "1\tbcg\tBCG\t\t0\n" in healthcard("vocabulary", "vaccines").out


# --- the command line itself ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", commands())
def test_every_command_explains_itself_and_each_of_its_arguments_and_options(command: str) -> None:
    done = healthcard(*command.split(), "--help")
    assert done.code == 0
    assert commands()[command].help.splitlines()[0] in " ".join(done.out.replace("│", " ").split())
    unexplained = [param.name for param in commands()[command].params if not param.help]
    assert not unexplained


def test_without_a_command_the_commands_are_listed() -> None:
    done = healthcard()
    assert done.code == 2
    assert all(f"│ {command.split()[0]} " in done.out + done.err for command in commands())


def test_the_version_is_that_of_the_library() -> None:
    assert healthcard("--version").out == f"{library.__version__}\n"


def test_output_is_utf_8_whatever_the_system_is_used_to(demo: Path) -> None:
    arguments = ("read", demo / f"{CARD}.txt", "--bundle", demo / "trust.bundle", "--language", "fr")
    plain = program(*arguments, LC_ALL="C", PYTHONIOENCODING="latin-1", PYTHONCOERCECLOCALE="0", PYTHONUTF8="0")
    assert plain.code == 0
    assert "Bébé" in plain.out


def test_a_reader_that_closes_the_pipe_is_no_failure_to_talk_about() -> None:
    process = subprocess.Popen([str(SCRIPT), "vocabulary", "findings"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout and process.stderr
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    process.wait()


def test_a_full_disk_is_said() -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run([str(SCRIPT), "vocabulary", "findings"], stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 1
    assert done.stderr.decode() == "healthcard: error\n  output: No space left on device\n"


def test_an_interrupted_command_ends_quietly_with_130(tmp_path: Path) -> None:
    as_a_terminal_does = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)  # in the background of a shell it is ignored
    process = subprocess.Popen([str(SCRIPT), "read", "-", "--bundle", _any_bundle(tmp_path)], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=as_a_terminal_does)  # fmt: skip
    assert process.stdin
    process.stdin.write(bytes(200_000))
    process.stdin.flush()  # more than a pipe holds: it has begun to read, and waits for more
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (130, b"", b"")


def _any_bundle(folder: Path) -> Path:
    healthcard("keygen", folder / "root.key", "--purpose", "root", "--test")
    healthcard("trust", "init", folder / "trust.bundle", "--root-key", folder / "root.key")
    return folder / "trust.bundle"
