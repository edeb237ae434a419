"""``riverloop rules``: the law in force here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from riverloop.cli.inputs import packs_of, zone_named
from riverloop.cli.options import checked_language, json_option, lang_option, packs_argument, zone_option
from riverloop.cli.printing import print_json, print_table
from riverloop.core.kernel.sides import FLOWS

if TYPE_CHECKING:
    from riverloop.core.rules.packs import PackSet, Rule
    from riverloop.zones import Zone


@click.group("rules")
def rules_app() -> None:
    """The law in force here: check it, list it, run its cases."""


@rules_app.command("check")
@packs_argument
@zone_option
def rules_check(directory: Path | None, *, zone_name: str) -> None:
    """Check packs as a whole: their form, predicates, remedies, overrides, dead rules, and every case.

    DIRECTORY is a folder of packs; without it, the bundled ones.
    """
    from riverloop.core.rules.rulebook import binds_nothing, check_assume
    from riverloop.packs import check_packs

    packs, remarks = check_packs(directory)
    boundary = zone_named(zone_name).boundary
    if directory is None:  # a folder of one's own need not hold what the zone assumes
        check_assume(packs, sorted(boundary.assume), where=boundary.zone)
    for line in [f"{one.where}: {one.rule} {one.detail}" for one in remarks] + binds_nothing(packs, boundary):
        print(f"note: {line}")
    print(_counted(packs))
    _run_cases(packs, zone_named(zone_name), quiet=True)


@rules_app.command("test")
@packs_argument
@zone_option
def rules_test(directory: Path | None, *, zone_name: str) -> None:
    """Run the plain cases of the packs in DIRECTORY, or of the bundled ones."""
    _run_cases(packs_of(directory), zone_named(zone_name), quiet=False)


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
@packs_argument
@click.option("--side", default="", help="A side's code, or zone, gba, transport, both.")
@click.option("--flow", type=click.Choice(FLOWS), help="Rules of this flow.")
@click.option("--status", type=click.Choice(("law", "announced")), help="Rules of this status.")
@json_option
@lang_option
def rules_list(
    directory: Path | None, *, side: str, flow: str | None, status: str | None, as_json: bool, lang: str
) -> None:
    """List the rules: what each does, since when, by which measure, and whether anyone has read the text."""
    checked_language(lang)
    packs = packs_of(directory)
    chosen = [
        rule
        for rule in sorted(packs.rules.values(), key=lambda rule: rule.id)
        if side in ("", rule.owner)
        and flow in (None, rule.flow)
        and status in (None, "announced" if rule.announced else "law")
    ]
    if as_json:
        print_json([_rule_json(rule) for rule in chosen])
        return
    print_table([_rule_row(rule, lang) for rule in chosen])
    print(f"{len(chosen)} rules")


@rules_app.command("facts")
@click.argument("flow", type=click.Choice(FLOWS))
@json_option
@lang_option
def rules_facts(flow: str, *, as_json: bool, lang: str) -> None:
    """List the facts that a movement of a flow may state."""
    checked_language(lang)
    facts = packs_of().dictionary.of_flow(flow)
    if as_json:
        print_json(
            [{"name": one.name, "type": one.kind, "choices": one.choice_names, "unit": one.unit} for one in facts]
        )
        return
    print_table([(one.name, one.kind, one.label.get(lang, ""), " ".join(one.choice_names)) for one in facts])


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
