"""dev.py: what it says, when it sets up again, and what it leaves behind when it is stopped."""

import ast
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import dev
from tests import postgres

ROOT = Path(dev.__file__).parent


def run(*arguments, **options):
    command = [sys.executable, str(ROOT / "dev.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, **options)


# What it says


def test_help_lists_every_task_with_a_sentence():
    done = run("--help")
    assert done.returncode == 0
    for name, task in dev.TASKS.items():
        assert f"  {name} " in done.stdout
        assert task.__doc__.splitlines()[0] in done.stdout


def test_no_task_shows_the_list_and_counts_as_wrong_usage():
    done = run()
    assert (done.returncode, done.stdout) == (2, run("--help").stdout)


def test_an_unknown_task_is_answered_in_one_line_with_the_nearest_one():
    done = run("tset")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert 'There is no task "tset". Did you mean "test"?' in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["up", "--port", "99999"], 2, "99999 is not between 1 and 65535"),
        (["up", "--port", "eighty"], 2, "invalid port value: 'eighty'"),
        (["up", "--nodes", "3"], 2, "invalid choice: 3"),
        (["check", "everything"], 1, "check takes no arguments, but got: everything"),
        (["bench", "nothing-of-the-kind"], 1, "NAME is one of:"),
    ],
)
def test_a_wrong_argument_is_refused_before_anything_is_set_up(arguments, code, said):
    done = run(*arguments)
    assert done.returncode == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_an_older_python_is_refused_in_one_line():
    pretend = "import sys; sys.version_info = (3, 10, 0, 'final', 0); sys.argv = ['dev.py', 'up']; "
    done = subprocess.run(
        [sys.executable, "-c", pretend + "exec(compile(open('dev.py').read(), 'dev.py', 'exec'))"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "needs Python 3.11 or newer; this is Python 3.10" in done.stderr


def test_an_older_python_can_read_the_file_far_enough_to_refuse():
    ast.parse((ROOT / "dev.py").read_text(encoding="utf-8"), feature_version=(3, 6))


@pytest.mark.parametrize("path", ["dev.py", "tests/postgres.py", "tests/two_nodes.py"])
def test_it_needs_the_standard_library_alone(path):
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in names} <= set(sys.stdlib_module_names) | {"tests"}


# When it sets up


class Pretence(dev.Place):
    """A checkout whose .venv holds a file, and whose pip notes down what it was asked."""

    def __init__(self, root):
        super().__init__(root)
        self.asked = []
        self.made = 0
        self.failure = None


@pytest.fixture
def place(tmp_path, monkeypatch):
    for name in ("base", "dev", "bench"):
        (tmp_path / "requirements").mkdir(exist_ok=True)
        (tmp_path / "requirements" / f"{name}.txt").write_text(f"{name}==1\n")
    (tmp_path / "pyproject.toml").write_text("[project]\n")

    def venv(command, **_):
        pretence.made += 1
        (pretence.venv / "bin").mkdir(parents=True, exist_ok=True)
        pretence.python.touch()
        return subprocess.CompletedProcess(command, 0, "", "")

    def pip(asked_of, *arguments):
        pretence.asked.append(Path(arguments[-1]).name)
        if pretence.failure:
            raise pretence.failure

    pretence = Pretence(tmp_path)
    monkeypatch.setattr(dev.subprocess, "run", venv)
    monkeypatch.setattr(dev, "pip", pip)
    return pretence


def test_the_first_run_installs_packages_and_project_and_the_second_nothing(place):
    dev.ensure("dev", place=place)
    assert place.asked == ["dev.txt", place.root.name]
    dev.ensure("dev", place=place)
    assert len(place.asked) == 2
    assert place.made == 1


def test_the_development_set_covers_the_base_but_not_the_other_way_round(place):
    dev.ensure("base", place=place)
    dev.ensure("dev", place=place)
    dev.ensure("base", place=place)
    assert place.asked == ["base.txt", place.root.name, "dev.txt"]


def test_a_changed_lock_installs_its_packages_alone(place):
    dev.ensure("dev", place=place)
    place.asked.clear()
    place.lock_file("dev").write_text("dev==2\n")
    dev.ensure("dev", place=place)
    assert place.asked == ["dev.txt"]
    assert place.made == 1


def test_a_changed_project_is_installed_again_without_its_packages(place):
    dev.ensure("dev", "bench", place=place)
    place.asked.clear()
    (place.root / "pyproject.toml").write_text("[project]\nname = 'other'\n")
    dev.ensure("dev", "bench", place=place)
    assert place.asked == [place.root.name]


@pytest.mark.parametrize("wound", [b"", b"{", b"[]", b'{"root": "elsewhere"}', b"\xff"])
def test_a_torn_stamp_or_one_from_another_folder_makes_the_environment_anew(place, wound):
    dev.ensure("base", place=place)
    place.stamp.write_bytes(wound)
    dev.ensure("base", place=place)
    assert place.made == 2
    assert json.loads(place.stamp.read_text())["root"] == str(place.root)


def test_an_interrupted_setup_is_not_taken_for_complete(place):
    place.failure = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        dev.ensure("base", place=place)
    assert place.found() == {}
    place.failure = None
    dev.ensure("base", place=place)
    assert place.made == 2
    assert place.missing("base", place.found(), place.wanted()) == []


def test_an_interrupted_change_of_a_complete_setup_is_not_taken_for_complete_either(place):
    dev.ensure("base", place=place)
    place.lock_file("base").write_text("base==2\n")
    place.failure = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        dev.ensure("base", place=place)
    place.failure = None
    dev.ensure("base", place=place)
    assert place.made == 2


def test_when_pip_fails_in_good_order_the_environment_stays_and_only_the_step_is_repeated(place):
    dev.ensure("base", place=place)
    place.failure = dev.TroubleError("offline")
    with pytest.raises(dev.TroubleError):
        dev.ensure("dev", place=place)
    place.failure = None
    place.asked.clear()
    dev.ensure("base", place=place)
    assert place.asked == []
    dev.ensure("dev", place=place)
    assert place.asked == ["dev.txt"]
    assert place.made == 1


def test_two_setups_at_once_take_turns(place, capsys):
    with dev.only_one(place.root / ".venv.lock"):
        second = threading.Thread(target=dev.ensure, args=["base"], kwargs={"place": place})
        second.start()
        second.join(timeout=0.2)
        assert second.is_alive()
        assert place.asked == []
    second.join(timeout=10)
    assert place.asked == ["base.txt", place.root.name]
    assert "waiting for it" in capsys.readouterr().out


def test_a_changed_catalogue_is_compiled_again_and_a_deleted_result_too(place, monkeypatch):
    compiled = []
    monkeypatch.setattr(dev, "compile_catalogues", lambda _: [compiled.append(mo) or touch(mo) for _, mo in pairs()])

    def pairs():
        return list(place.catalogues())

    def touch(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()

    source = place.root / "locale/zh_Hant/LC_MESSAGES/django.po"
    touch(source)
    dev.ensure("base", place=place)
    dev.ensure("base", place=place)
    assert len(compiled) == 1
    source.write_text("changed")
    dev.ensure("base", place=place)
    assert len(compiled) == 2
    compiled[0].unlink()
    dev.ensure("base", place=place)
    assert len(compiled) == 3


def test_a_catalogue_compiles_to_what_gettext_reads_and_a_broken_one_is_named(tmp_path):
    import gettext

    place = dev.Place(tmp_path)
    place.bin = dev.HERE.bin
    source = tmp_path / "locale/zh_Hans/LC_MESSAGES/django.po"
    source.parent.mkdir(parents=True)
    header = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
    source.write_text(header + 'msgid "river"\nmsgstr "河"\n', encoding="utf-8")
    dev.compile_catalogues(place)
    with next(place.catalogues())[1].open("rb") as compiled:
        assert gettext.GNUTranslations(compiled).gettext("river") == "河"
    source.write_bytes(b'msgid "\xff"')
    with pytest.raises(dev.TroubleError, match=r"locale/zh_Hans/LC_MESSAGES/django\.po does not compile"):
        dev.compile_catalogues(place)


def test_without_a_network_one_line_says_how_to_mend_it(tmp_path, monkeypatch):
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    place = dev.Place(tmp_path)
    place.python, place.log = Path(sys.executable), tmp_path / "log"
    with pytest.raises(dev.TroubleError) as caught:
        dev.pip(place, "riverloop-of-no-version==0")
    assert "package index cannot be reached" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "riverloop-of-no-version" in place.log.read_text()


@pytest.mark.parametrize(
    ("output", "line"),
    [
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM …", "not the one that was locked"),
        ("noise\nERROR: No space left on device\nWARNING: noise", "ERROR: No space left on device"),
        ("", "it said nothing"),
    ],
)
def test_any_other_failure_of_pip_is_one_line_too(output, line):
    said = dev.why_no_packages(output, Path("log"))
    assert line in said
    assert "\n" not in said


def test_two_nodes_keep_their_data_in_the_data_folder_that_is_set(tmp_path, monkeypatch):
    served = []
    monkeypatch.setattr(dev, "ensure", lambda *_: None)
    monkeypatch.setattr(dev.two_nodes, "serve", lambda _, folder, *__, **___: served.append(folder))
    monkeypatch.setenv("RIVERLOOP_DEMO", "")
    monkeypatch.setenv("RIVERLOOP_DATA", str(tmp_path))
    dev.up(["--nodes", "2"])
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RIVERLOOP_DATA", "below")
    dev.up(["--nodes", "2"])
    monkeypatch.delenv("RIVERLOOP_DATA")
    dev.up(["--nodes", "2"])
    assert served == [tmp_path / "nodes", tmp_path / "below" / "nodes", ROOT / "var" / "nodes"]
    assert not (tmp_path / "nodes").exists()


def test_each_of_two_nodes_lives_below_that_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("RIVERLOOP_DATA", str(tmp_path / "set"))
    monkeypatch.setattr(dev.two_nodes, "output_of", lambda *_: "hk cn")
    nodes = dev.two_nodes.nodes_of(sys.executable, tmp_path / "nodes", 8000)
    assert {side: own["RIVERLOOP_DATA"] for side, (_, own) in nodes.items()} == {
        side: str(tmp_path / "nodes" / side) for side in ("hk", "cn")
    }


# How it ends


def test_a_wish_to_end_reaches_the_command_and_comes_back_as_its_exit_code(tmp_path):
    ready = tmp_path / "ready"
    child = f"import pathlib, time; pathlib.Path({str(ready)!r}).touch(); time.sleep(60)"
    program = f"import sys, dev; sys.exit(dev.call([sys.executable, '-c', {child!r}]))"
    with subprocess.Popen([sys.executable, "-c", program], cwd=ROOT) as process:
        wait_for(ready.exists)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 128 + signal.SIGTERM


# Tests beside tests


def says(words, code=0):
    return [
        sys.executable,
        "-c",
        f"import os; print({words!r}, os.environ.get('DATABASE_URL')); raise SystemExit({code})",
    ]


def test_what_runs_beside_the_first_is_told_in_a_line_with_what_it_lacked(capfd):
    lacking = "Chromium is missing, so 9 tests did not run."
    others = {"One": (says("--- 2 passed"), "postgresql://here"), "Other": (says(f"{lacking}\n--- 3 passed"), None)}
    assert dev.run_beside(says("first"), others) == 0
    said = capfd.readouterr().out
    assert said.splitlines() == [
        "first None", "One: --- 2 passed postgresql://here", lacking, "Other: --- 3 passed None",
    ]  # fmt: skip


@pytest.mark.parametrize(("codes", "code"), [((0, 1, 0), 1), ((1, 0, 0), 1), ((0, 0, 5), 5), ((0, 5, 3), 5)])
def test_a_failure_beside_the_first_is_a_failure_and_all_that_it_said_is_told(capfd, codes, code):
    first, *others = codes
    parts = {str(place): (says(f"line\nlast {place}", one), None) for place, one in enumerate(others)}
    assert dev.run_beside(says("first", first), parts) == code
    said = capfd.readouterr().out
    assert [f"{place} tests failed" in said for place in parts] == [one != 0 for one in others]
    assert said.count("line") == sum(one != 0 for one in others)


def test_of_a_choice_it_is_no_failure_that_a_part_holds_none():
    assert dev.run_beside(says("first"), {"One": (says("none", 5), None)}, a_choice=True) == 0


def test_what_runs_beside_ends_when_the_first_is_stopped_and_what_waits_is_not_begun(tmp_path, capfd):
    sleeps = [sys.executable, "-c", "import time; time.sleep(600)"]
    begun = [sys.executable, "-c", "import sys; open(sys.argv[1], 'w')", str(tmp_path / "begun")]
    stopped = [sys.executable, "-c", "import os, signal; os.kill(os.getpid(), signal.SIGTERM)"]
    assert dev.run_beside(stopped, {"One": (sleeps, None), "Other": (begun, None)}) == 128 + signal.SIGTERM
    assert not (tmp_path / "begun").exists()
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize(("own", "code"), [(2, 2), (0, 128 + signal.SIGINT)])
def test_one_ctrl_c_ends_all_begins_nothing_more_and_is_no_success(tmp_path, own, code):
    waits = f"import time\ntry: print(1, flush=True); time.sleep(600)\nexcept KeyboardInterrupt: exit({own})"
    begins = "import sys; open(sys.argv[1], 'w')"
    program = (
        "import dev, sys; python = [sys.executable, '-c']; "
        f"waits, begins = [*python, {waits!r}], [*python, {begins!r}, sys.argv[1]]; "
        "sys.exit(dev.run_beside(waits, {'One': (waits, None), 'Other': (begins, None)}))"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "begun")]
    quiet = {"stdout": subprocess.PIPE, "text": True, "start_new_session": True}
    with subprocess.Popen(command, cwd=ROOT, **quiet) as process:
        assert process.stdout.readline() == "1\n"
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(timeout=60) == code
        assert process.stdout.read() == ""
    assert not (tmp_path / "begun").exists()


@pytest.mark.skipif(not postgres.binaries(), reason="PostgreSQL is missing")
def test_the_server_of_the_tests_answers_and_is_gone_afterwards():
    import psycopg

    with postgres.cluster() as url:
        home = home_of(url)
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT current_setting('listen_addresses')").fetchone() == ("",)
    assert not home.exists()


@pytest.mark.skipif(not postgres.binaries(), reason="PostgreSQL is missing")
def test_the_server_of_the_tests_is_gone_even_when_they_are_killed():
    program = (
        "import time; from tests import postgres\n"
        "with postgres.cluster() as url: print(url, flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        home = home_of(process.stdout.readline().strip())
        server = int((home / "data" / "postmaster.pid").read_text().split()[0])
        process.kill()
    wait_for(lambda: not home.exists())
    with pytest.raises(ProcessLookupError):
        os.kill(server, 0)


def home_of(url):
    from urllib.parse import unquote, urlsplit

    return Path(unquote(urlsplit(url).netloc.partition("@")[2]))


def wait_for(condition, patience_seconds=30):
    until = time.monotonic() + patience_seconds
    while not condition():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.02)
