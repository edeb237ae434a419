"""The command, run as a person would run it."""

import io
import sys

import pytest

from riverloop import cli


@pytest.fixture(scope="module", autouse=True)
def data_folder(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RIVERLOOP_DATA", str(tmp_path_factory.mktemp("data")))
        patch.delenv("RIVERLOOP_ZONE", raising=False)
        yield


@pytest.fixture
def run(monkeypatch, capsys):
    """Run the command as a person would; answer exit status, standard output and error."""

    def command(*words, stdin=""):
        monkeypatch.setattr(sys, "argv", ["riverloop", *words])
        monkeypatch.setattr(
            sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode() if isinstance(stdin, str) else stdin))
        )
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        return ended.value.code or 0, said.out, said.err

    return command
