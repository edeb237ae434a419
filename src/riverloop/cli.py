"""The command ``riverloop``: the same law and zone as the pages, from files.

Exit status: 0 done; 1 the input was understood and refused, with one line saying what, where and how to mend it;
2 wrong usage.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from riverloop import __version__
from riverloop.core.kernel.canonical import read_json
from riverloop.core.kernel.errors import InputError, RiverloopError, did_you_mean
from riverloop.core.kernel.sides import FLOWS, LANGUAGES

if TYPE_CHECKING:
    from riverloop.core.rules.decisions import Movement
    from riverloop.core.rules.earliest import Earliest
    from riverloop.core.rules.packs import PackSet, Rule
    from riverloop.core.rules.rulebook import Rulebook
    from riverloop.zones import Zone

_MAX_BYTES = 50_000_000

_zone_option = click.option(
    "--zone",
    "zone_name",
    envvar="RIVERLOOP_ZONE",
    default="hetao",
    show_default=True,
    help="A bundled zone, or a zone file.",
)
_json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON value and nothing else.")
_lang_option = click.option("--lang", default="en", show_default=True, help="en, zh-Hant or zh-Hans.")
_packs_argument = click.argument("directory", required=False, type=click.Path(path_type=Path))


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="riverloop")
def app() -> None:
    """Riverloop: clear what crosses between two parks under both sides' law."""


@app.group("rules")
def rules_app() -> None:
    """The law in force here: check it, list it, run its cases."""


@app.group("user")
def user_app() -> None:
    """Accounts: they are made here, by invitation."""


@app.group("role")
def role_app() -> None:
    """Roles of accounts: grant one, end one, list them."""


@app.group("keys")
def keys_app() -> None:
    """Keys of a side: seal with a new one, drop old ones."""


@app.group("retention")
def retention_app() -> None:
    """How long things are kept."""


@app.group("demo")
def demo_app() -> None:
    """The demo zone."""


def main() -> None:
    """Run the command; a mistake in the input ends it with one line and status 1."""
    try:
        app(prog_name="riverloop")
    except RiverloopError as error:
        print(" ".join(str(error).split()), file=sys.stderr)
        raise SystemExit(1) from None
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None


def data_folder() -> Path:
    """Return ``$RIVERLOOP_DATA``, or ``./var``."""
    return Path(os.environ.get("RIVERLOOP_DATA") or "var")


def _cache() -> Path:
    return data_folder() / "cache"


def _packs(directory: Path | None = None) -> PackSet:
    from riverloop.packs import load_packs

    return load_packs(directory, cache=_cache())


def _zone(name: str) -> Zone:
    from riverloop.zones import load_zone, zone_names

    return load_zone(name, check=name not in zone_names())  # the tests check those that are bundled


def _language(lang: str) -> str:
    if lang not in LANGUAGES:
        raise InputError(
            "cli.language",
            'There is no language "{lang}".{hint} Choose {known}.',
            where="--lang",
            lang=lang,
            hint=did_you_mean(lang, LANGUAGES),
            known=", ".join(LANGUAGES),
        )
    return lang


def _write(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2))


# decide ----------------------------------------------------------------------------------------------------------


@app.command()
@click.argument("file")
@_json_option
@_lang_option
@click.option("--assume", default="", help="Announced rules to count as law, with commas.")
@_zone_option
@click.option("--officer", default="", help="Write for an officer of this side: its own reasons in full.")
@click.option("--packs", "directory", type=click.Path(path_type=Path), help="Decide by the packs of this folder alone.")
@click.option("--earliest", is_flag=True, help="Say as well when it may cross at the earliest, reckoned from its `at`.")
def decide(
    file: str,
    *,
    as_json: bool,
    lang: str,
    assume: str,
    zone_name: str,
    officer: str,
    directory: Path | None,
    earliest: bool,
) -> None:
    """Decide a movement by both sides' law, and say why.

    FILE holds a movement, or a list of them, as JSON; - reads standard input.
    """
    from riverloop.core.rules.decide import decide as decide_movement
    from riverloop.core.rules.decisions import read_movement
    from riverloop.core.rules.rulebook import Rulebook

    _language(lang)
    raw = read_json(_read_text(file), where="standard input" if file == "-" else file)
    packs, zone = _packs(directory), _zone(zone_name)
    extra = _assumed(assume, packs)
    rulebook = Rulebook(packs, replace(zone.boundary, assume=zone.boundary.assume | extra))
    officers = frozenset({zone.boundary.side(officer).id}) if officer else frozenset()
    many = raw if isinstance(raw, list) else [raw]
    where = [f"movement[{place}]" if isinstance(raw, list) else "movement" for place in range(len(many))]
    movements = [
        read_movement(one, zone.boundary, packs.dictionary, where=here) for one, here in zip(many, where, strict=True)
    ]
    decisions = [decide_movement(rulebook, movement) for movement in movements]
    if as_json:
        written = [decision.as_json(authority_of=officers, conceal=bool(officer)) for decision in decisions]
        if earliest:
            for one, movement in zip(written, movements, strict=True):
                one["earliest"] = _earliest(rulebook, movement, zone).as_json(zone.boundary.sides[0].time_zone)
                for step in one["earliest"]["steps"] if officer else ():
                    step.pop("rule", None)  # it may be one that the other side discloses to its authority alone
        _write(written if isinstance(raw, list) else written[0])
        return
    from riverloop.apps.clearance.sentences import as_text

    gettext = _gettext(lang)
    texts = [as_text(decision, zone, lang, gettext, officers) for decision in decisions]
    if earliest:
        from riverloop.apps.clearance.earliest import as_line

        found = (_earliest(rulebook, movement, zone) for movement in movements)
        texts = [f"{text}\n\n{as_line(one, zone, lang, gettext)}" for text, one in zip(texts, found, strict=True)]
    print("\n\n".join(texts))


def _earliest(rulebook: Rulebook, movement: Movement, zone: Zone) -> Earliest:
    from riverloop.apps.clearance.earliest import find, stated_control_point

    point, wanted = stated_control_point(movement, zone), movement.crossing_at
    return find(rulebook, movement, zone, now=movement.at, wanted=wanted, control_point=point)


def _assumed(text: str, packs: PackSet) -> frozenset[str]:
    from riverloop.core.rules.rulebook import check_assume

    names = frozenset(name.strip() for name in text.split(",") if name.strip())
    check_assume(packs, sorted(names), where="--assume")
    return names


def _read_text(file: str) -> str:
    try:
        data = sys.stdin.buffer.read(_MAX_BYTES + 1) if file == "-" else _read_file(Path(file))
        if len(data) > _MAX_BYTES:
            raise InputError("cli.size", "The file is larger than 50 MB. Split it.", where=file)
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError("cli.encoding", "The file is not UTF-8 text. Save it as UTF-8.", where=file) from None


def _read_file(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise InputError(
            "cli.file",
            "The file cannot be read ({detail}). Check its name.",
            where=str(path),
            detail=error.strerror,
        ) from None


def _gettext(lang: str) -> Callable[[str], str]:
    import gettext

    folder = Path(__file__).parent / "web" / "locale"
    locale = {"zh-Hant": "zh_Hant", "zh-Hans": "zh_Hans"}.get(lang)
    if locale is None:
        return lambda text: text
    return gettext.translation("django", folder, [locale], fallback=True).gettext


# rules -----------------------------------------------------------------------------------------------------------


@rules_app.command("check")
@_packs_argument
@_zone_option
def rules_check(directory: Path | None, *, zone_name: str) -> None:
    """Check packs as a whole: their form, predicates, remedies, overrides, dead rules, and every case.

    DIRECTORY is a folder of packs; without it, the bundled ones.
    """
    from riverloop.core.rules.rulebook import binds_nothing, check_assume
    from riverloop.packs import check_packs

    packs, remarks = check_packs(directory)
    boundary = _zone(zone_name).boundary
    if directory is None:  # a folder of one's own need not hold what the zone assumes
        check_assume(packs, sorted(boundary.assume), where=boundary.zone)
    for line in [f"{one.where}: {one.rule} {one.detail}" for one in remarks] + binds_nothing(packs, boundary):
        print(f"note: {line}")
    print(_counted(packs))
    _run_cases(packs, _zone(zone_name), quiet=True)


@rules_app.command("test")
@_packs_argument
@_zone_option
def rules_test(directory: Path | None, *, zone_name: str) -> None:
    """Run the plain cases of the packs in DIRECTORY, or of the bundled ones."""
    _run_cases(_packs(directory), _zone(zone_name), quiet=False)


def _counted(packs: PackSet) -> str:
    return (
        f"{len(packs.packs)} packs, {len(packs.measures)} measures, {len(packs.rules)} rules, "
        f"{len(packs.dictionary.facts)} facts, {len(packs.cases)} cases: loaded and checked"
    )


def _run_cases(packs: PackSet, zone: Zone, *, quiet: bool) -> None:
    from riverloop.core.rules.cases import run_cases

    results = run_cases(packs, zone.boundary)
    failed = [result for result in results if result.mismatches]
    for result in failed if quiet else results:
        if result.mismatches:
            print(f"{result.case.where}: {result.case.name} [{result.side}]: {'; '.join(result.mismatches)}")
        else:
            print(f"ok  {result.case.name} [{result.side}]")
    skipped = len(packs.cases) - len(results)
    print(f"{len(results) - len(failed)} cases passed, {len(failed)} failed, {skipped} of other zones")
    if failed:
        raise SystemExit(1)


@rules_app.command("list")
@_packs_argument
@click.option("--side", default="", help="A side's code, or zone, gba, transport, both.")
@click.option("--flow", type=click.Choice(FLOWS), help="Rules of this flow.")
@click.option("--status", type=click.Choice(("law", "announced")), help="Rules of this status.")
@_json_option
@_lang_option
def rules_list(
    directory: Path | None, *, side: str, flow: str | None, status: str | None, as_json: bool, lang: str
) -> None:
    """List the rules: what each does, since when, by which measure, and whether anyone has read the text."""
    _language(lang)
    packs = _packs(directory)
    chosen = [
        rule
        for rule in sorted(packs.rules.values(), key=lambda rule: rule.id)
        if side in ("", rule.owner)
        and flow in (None, rule.flow)
        and status in (None, "announced" if rule.announced else "law")
    ]
    if as_json:
        _write([_rule_json(rule) for rule in chosen])
        return
    _table([_rule_row(rule, lang) for rule in chosen])
    print(f"{len(chosen)} rules")


@rules_app.command("facts")
@click.argument("flow", type=click.Choice(FLOWS))
@_json_option
@_lang_option
def rules_facts(flow: str, *, as_json: bool, lang: str) -> None:
    """List the facts that a movement of a flow may state."""
    _language(lang)
    facts = _packs().dictionary.of_flow(flow)
    if as_json:
        _write([{"name": one.name, "type": one.kind, "choices": one.choice_names, "unit": one.unit} for one in facts])
        return
    _table([(one.name, one.kind, one.label.get(lang, ""), " ".join(one.choice_names)) for one in facts])


def _rule_json(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "flow": rule.flow,
        "directions": rule.directions,
        "effect": rule.effect.as_json(),
        "measure": rule.measure,
        "verified": rule.verified,
        "from": rule.starts.isoformat(),
        "until": rule.until.isoformat() if rule.until else None,
        "announced": rule.announced,
        "when": rule.sql,
        "overrides": rule.overrides,
        "version": rule.version,
        "reason": rule.reason,
    }


def _rule_row(rule: Rule, lang: str) -> tuple[str, ...]:
    since = "announced" if rule.announced else f"{rule.starts}–{rule.until or ''}"
    return (
        rule.id,
        rule.flow,
        "/".join(rule.directions) or "every way",
        rule.effect.kind,
        since,
        rule.verified,
        rule.reason[lang],
    )


def _table(rows: Iterable[tuple[str, ...]]) -> None:
    listed = list(rows)
    if not listed:
        return
    widths = [max(len(row[column]) for row in listed) for column in range(len(listed[0]) - 1)]
    for row in listed:
        print("  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]]).rstrip())


# user ------------------------------------------------------------------------------------------------------------


@user_app.command("add")
@click.argument("email")
@click.option("--name", required=True, help="How the account is called on pages.")
@click.option("--side", required=True, help="The side that it belongs to.")
@click.option("--role", default="", help="A role to grant: officer, gate, operator, planner, treasurer, auditor …")
@click.option("--for", "held_for", default="", help="What the role is held for, by id: authority, park, organisation …")
@click.option("--language", default="en", show_default=True, help="en, zh-Hant or zh-Hans.")
@click.option("--url", default="http://127.0.0.1:8000", show_default=True, help="Where the pages are served.")
def user_add(*, email: str, name: str, side: str, role: str, held_for: str, language: str, url: str) -> None:
    """Make an account, and print the address at which its owner sets a password."""
    from riverloop.web.server import prepare

    prepare()
    from riverloop.apps.parties.invitations import invite

    path = invite(email=email, name=name, side=side, kind=role, held_for=held_for, language=_language(language).lower())
    print(f"{url.rstrip('/')}{path}")
    print("Hand this address to its owner and to nobody else: it sets the password, once, within three days.")


@user_app.command("close")
@click.argument("email")
def user_close(*, email: str) -> None:
    """Close the account with the address EMAIL: its roles, sessions and tokens end at once."""
    from riverloop.web.server import prepare

    prepare()
    from riverloop.apps.parties.invitations import account_named
    from riverloop.apps.parties.services import user_close as close

    close(user=account_named(email))
    print("closed")


@user_app.command("forget-second-factor")
@click.argument("email")
def user_forget_second_factor(*, email: str) -> None:
    """Take every second factor from the account with the address EMAIL, whose owner lost them all.

    Be sure who asks: until a new one is set up, the password alone is needed.
    """
    from riverloop.web.server import prepare

    prepare()
    from riverloop.apps.parties.invitations import account_named
    from riverloop.apps.parties.second_factor import forget

    print(f"{forget(user=account_named(email))} taken")


# role ------------------------------------------------------------------------------------------------------------


@role_app.command("grant")
@click.argument("email")
@click.argument("kind")
@click.option("--for", "held_for", default="", help="What the role is held for, by id: authority, park, organisation …")
def role_grant(*, email: str, kind: str, held_for: str) -> None:
    """Grant the role KIND to the account with the address EMAIL."""
    from riverloop.web.server import prepare

    prepare()
    from riverloop.apps.parties.invitations import account_named, grant

    role = grant(user=account_named(email), kind=kind, held_for=held_for)
    print(f"granted {role.id}")


@role_app.command("end")
@click.argument("role_id")
def role_end(*, role_id: str) -> None:
    """End the role with the id ROLE_ID, as `riverloop role list` shows it."""
    from riverloop.web.server import prepare

    prepare()
    from riverloop.apps.parties.invitations import role_named
    from riverloop.apps.parties.services import role_end as end

    print(f"ended {end(role=role_named(role_id)).id}")


@role_app.command("list")
@click.argument("email", required=False)
@click.option("--all", "with_ended", is_flag=True, help="Ended ones too.")
def role_list(*, email: str | None, with_ended: bool) -> None:
    """List the roles of the account with the address EMAIL, or of every account."""
    from riverloop.web.server import prepare

    prepare()
    from riverloop.apps.parties.invitations import role_rows

    _table(role_rows(email=email or "", with_ended=with_ended))


# keys ------------------------------------------------------------------------------------------------------------


def _key_owner(side: str) -> str:
    """Return a side, or ``accounts``, whose keys are those of second factors."""
    from riverloop.web.server import prepare

    prepare()
    from riverloop.apps.parties.here import zone
    from riverloop.apps.parties.sealing import ACCOUNTS

    return side if side == ACCOUNTS else zone().side(side).id


@keys_app.command("rotate")
@click.argument("side")
def keys_rotate(*, side: str) -> None:
    """Seal and sign with new keys from now on, and seal again all that the old one sealed.

    SIDE is a side's code, or accounts for the secrets of second factors. Stopped half way, run it again: it goes on.
    """
    owner = _key_owner(side)
    from riverloop.apps.parties import sealing

    for name, count in sealing.rotate_all(owner).items():
        print(f"{name}: {count}")
    print(f"All is sealed by the newest key. The old ones can go once backups are made: riverloop keys drop {owner}")


@keys_app.command("check")
@click.argument("side")
def keys_check(*, side: str) -> None:
    """Open everything that is sealed for SIDE, and say what still needs an older key."""
    owner = _key_owner(side)
    from riverloop.apps.parties import sealing

    for name, count in sealing.waiting(owner).items():
        print(f"{name}: {count} need an older key")
    print("Everything opens.")


@keys_app.command("drop")
@click.argument("side")
def keys_drop(*, side: str) -> None:
    """Drop all sealing keys of SIDE but the newest; refused while anything needs them. Older backups stay sealed."""
    owner = _key_owner(side)
    from riverloop.apps.parties import sealing

    print(f"{sealing.drop_old_keys(owner)} dropped")


# retention -------------------------------------------------------------------------------------------------------


@retention_app.command("run")
@click.option("--dry-run", is_flag=True, help="Only count what would go.")
def retention_run(*, dry_run: bool) -> None:
    """Delete what is kept no longer, by the table of the zone file. The worker does so every day."""
    from riverloop.web.server import prepare

    prepare()
    from riverloop.apps.parties import retention
    from riverloop.apps.parties.here import zone

    for side in zone().sides:
        gone = retention.run(side.id, dry=dry_run)
        _table((side.id, kind, str(count)) for kind, count in gone.items())


# serve -----------------------------------------------------------------------------------------------------------


@app.command()
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--worker/--no-worker", default=True, show_default=True, help="Start `riverloop work` beside it.")
def serve(*, port: int, host: str, worker: bool) -> None:
    """Migrate the database and serve the pages until stopped."""
    from riverloop.web.server import serve as serve_pages

    serve_pages(host=host, port=port, worker=worker)


@app.command("work")
@click.option("--once", is_flag=True, help="Do what is due and end: for cron.")
@click.option("--parent", default=0, hidden=True, help="End when this process has gone.")
def work_command(*, once: bool, parent: int) -> None:
    """Do background work until stopped: runs, messages between the sides, mail, webhooks, the timetable."""
    from riverloop.web.server import prepare, set_up

    set_up() if parent else prepare()
    from riverloop.apps.runs import worker

    if once:
        print(f"{worker.work_through()} runs")
    else:
        worker.work_until_stopped(parent=parent)


@demo_app.command("load")
def demo_load() -> None:
    """Fill the data directory with the demo zone, its cast and a made-up day, without a server."""
    from riverloop.web.server import load_demo

    accounts, filed = load_demo()
    print(f"The demo zone, with {accounts} accounts, is in {data_folder().resolve()}")
    print(f"Filed {filed} synthetic movements" if filed else "Its movements are there already")
    print("RIVERLOOP_DEMO=1 riverloop serve shows them on the sign-in page")
