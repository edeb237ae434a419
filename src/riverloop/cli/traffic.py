"""``riverloop traffic``: passengers counted day by day, shown and brought up to date."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from riverloop.cli.inputs import data_folder, read_bytes
from riverloop.cli.options import checked_language, json_option, lang_option
from riverloop.cli.printing import print_json, print_table

if TYPE_CHECKING:
    from riverloop.traffic import DailyTraffic, Done, Imported, TrafficError

_MOST_TOLD = 20

_date_type = click.DateTime(["%Y-%m-%d"])


@click.group("traffic")
def traffic_app() -> None:
    """Passengers counted at control points, day by day: show them, and import newer files."""


# Import ----------------------------------------------------------------------------------------------------------


@traffic_app.command("import")
@click.argument("file")
@click.option("--skip-wrong-rows", is_flag=True, help="Leave out what is wrong, tell it, and take the rest.")
@click.option("--replace", is_flag=True, help="Take rows that say otherwise than kept ones as the newer.")
@click.option("--source", default="", help="Whose table it is.  [default: the first that is bundled]")
@click.option(
    "--package",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Write FILE's rows alone into this folder, as they come with Riverloop, and import nothing.",
)
@json_option
def traffic_import_command(
    *, file: str, skip_wrong_rows: bool, replace: bool, source: str, package: Path | None, as_json: bool
) -> None:
    """Import a newer FILE of the same table: CSV, packed by gzip or not; - reads standard input.

    Where a row is wrong, or says otherwise than what is kept, each such row is told and nothing is imported, unless
    --skip-wrong-rows or --replace says otherwise. Rows that are known already are counted, and nothing more.
    """
    from riverloop.traffic import WrongRowsError, read_csv, traffic_package
    from riverloop.traffic.sources import load_source

    if package and (skip_wrong_rows or replace):
        raise click.UsageError("--package takes a file in which every row is right, without another option.")
    name = "standard input" if file == "-" else Path(file).name
    now = datetime.now(UTC)
    latest = (now + timedelta(hours=14)).date()  # the day where it begins first
    try:
        imported = read_csv(read_bytes(file), name=name, source=load_source(source), today=latest)
        if package:
            done = traffic_package(package, imported, at=now)
        else:
            done = _import(imported, at=now, skip_wrong=skip_wrong_rows, replace=replace)
    except WrongRowsError as error:
        if as_json:
            print_json({"imported": False, "problems": _problems_json(error.problems)})
        else:
            _tell(error.problems)
        raise
    if as_json:
        print_json(_done_json(imported, done))
        return
    _tell(done.left_out)
    _print_done(imported, done)


def _import(imported: Imported, *, at: datetime, skip_wrong: bool, replace: bool) -> Done:
    """Import while no backup is being restored over the data folder."""
    from riverloop.web.server import set_up

    set_up()
    from riverloop.traffic import FOLDER_NAME, traffic_import
    from riverloop.web.in_use import together

    with together():
        return traffic_import(data_folder() / FOLDER_NAME, imported, at=at, skip_wrong=skip_wrong, replace=replace)


def _tell(problems: tuple[TrafficError, ...]) -> None:
    for problem in problems[:_MOST_TOLD]:
        print(" ".join(str(problem).split()), file=sys.stderr)
    if len(problems) > _MOST_TOLD:
        print(f"And {len(problems) - _MOST_TOLD:,} more; --json lists them all.", file=sys.stderr)


def _problems_json(problems: tuple[TrafficError, ...]) -> list[dict[str, Any]]:
    return [{"line": int(one.where.rpartition(":")[2]), "code": one.code, "message": one.told(str)} for one in problems]


def _done_json(imported: Imported, done: Done) -> dict[str, Any]:
    return {
        "imported": True,
        "file": imported.name,
        "sha256": imported.sha256,
        "from": str(done.first) if done.first else None,
        "until": str(done.last) if done.last else None,
        "added": done.added,
        "replaced": done.replaced,
        "known": done.known,
        "gaps": [[str(first), str(last)] for first, last in done.gaps],
        "problems": _problems_json(done.left_out),
    }


def _print_done(imported: Imported, done: Done) -> None:
    print(f"{imported.name}: {done.first} to {done.last}" if done.first else f"{imported.name}: no row that is right")
    if not (done.added or done.replaced):
        print(f"Nothing is new: all {done.known:,} rows are known." if done.known else "Nothing was imported.")
    else:
        print(f"New rows: {done.added:,}; replaced: {done.replaced:,}; known before: {done.known:,}.")
    if done.left_out:
        print(f"Rows left out, as told above: {len(done.left_out):,}.")
    for first, last in done.gaps:
        print(f"Nothing is known of {first}{'' if first == last else f' to {last}'}.")


# Show ------------------------------------------------------------------------------------------------------------


@traffic_app.command("show")
@click.argument("control_points", nargs=-1, metavar="[CONTROL_POINT]…")
@click.option("--from", "first", type=_date_type, help="The first day, as YYYY-MM-DD.")
@click.option("--until", "last", type=_date_type, help="The last day.")
@click.option("--source", default="", help="Whose table.  [default: the first that is bundled]")
@lang_option
@json_option
def traffic_show(
    *,
    control_points: tuple[str, ...],
    first: datetime | None,
    last: datetime | None,
    source: str,
    lang: str,
    as_json: bool,
) -> None:
    """Show which control points are counted; of those that are named, how many passengers a day."""
    from riverloop.traffic import FOLDER_NAME, DailyTraffic

    checked_language(lang)
    traffic = DailyTraffic.load(data_folder() / FOLDER_NAME, source=source)
    span = (first.date() if first else None, last.date() if last else None)
    if as_json:
        print_json(_shown_json(traffic, control_points, span))
        return
    if control_points:
        _print_statistics(traffic, control_points, span, lang)
    else:
        _print_control_points(traffic, span, lang)
    print(f"\n{traffic.source.attribution[lang]}")
    for one in traffic.origins:
        print(f"Imported on {one.imported_at[:10]}: {one.name} (new rows: {one.added:,}; replaced: {one.replaced:,})")


def _shown_json(
    traffic: DailyTraffic, control_points: tuple[str, ...], span: tuple[date | None, date | None]
) -> dict[str, Any]:
    found = traffic.statistics(control_points, (), *span)
    return {
        "source": {
            "id": traffic.source.id,
            "title": dict(traffic.source.title),
            "attribution": dict(traffic.source.attribution),
            "licence": dict(traffic.source.licence),
            "url": traffic.source.url,
        },
        "from": str(span[0] or traffic.span()[0]),
        "until": str(span[1] or traffic.span()[1]),
        "imports": [
            {"file": one.name, "sha256": one.sha256, "imported_at": one.imported_at, "added": one.added,
             "replaced": one.replaced}
            for one in traffic.origins
        ],
        "control_points": [
            {
                "key": one.key,
                "title": dict(one.title),
                "from": str(one.first),
                "until": str(one.last),
                "days": one.days,
                "missing_days": one.missing_days,
                "idle_days": one.idle_days,
                "passengers_per_day": [
                    {
                        "direction": each.direction,
                        "class": each.passenger_class,
                        "days": each.days,
                        "mean": round(each.mean, 2),
                        "median": each.median,
                        "p95": each.p95,
                        "max": each.greatest,
                        "max_on": str(each.greatest_on),
                    }
                    for each in found
                    if each.control_point == one.key
                ],
            }
            for one in traffic.control_points()
            if not control_points or one.key in control_points
        ],
    }  # fmt: skip


def _print_control_points(traffic: DailyTraffic, span: tuple[date | None, date | None], lang: str) -> None:
    from riverloop.traffic import TOTAL

    means = {(one.control_point, one.direction): one.mean for one in traffic.statistics((), (), *span, classes=[TOTAL])}
    ways = list(traffic.source.directions)
    heads = [f"{traffic.source.direction_titles[way][lang].lower()} a day" for way in ways]
    rows = [("control point", "from", "until", "days without passengers", *heads, "")]
    for one in traffic.control_points():
        counted = [f"{means[one.key, way]:,.0f}" if (one.key, way) in means else "" for way in ways]
        rows.append((one.key, str(one.first), str(one.last), f"{one.idle_days:,}", *counted, one.title[lang]))
    first, last = span[0] or traffic.span()[0], span[1] or traffic.span()[1]
    print(f"{traffic.source.title[lang]}, {first} to {last}\n")
    print_table(rows)


def _print_statistics(
    traffic: DailyTraffic, control_points: tuple[str, ...], span: tuple[date | None, date | None], lang: str
) -> None:
    source = traffic.source
    titles = {
        key: title[lang] for named in (source.direction_titles, source.class_titles) for key, title in named.items()
    }
    rows = [("", "", "", "days", "mean", "median", "95%", "most", "on")]
    before = ""
    for one in traffic.statistics(control_points, (), *span):
        rows.append(
            (
                "" if one.control_point == before else source.control_point(one.control_point).title[lang],
                titles.get(one.direction, one.direction),
                titles.get(one.passenger_class, one.passenger_class),
                f"{one.days:,}",
                f"{one.mean:,.0f}",
                f"{one.median:,}",
                f"{one.p95:,}",
                f"{one.greatest:,}",
                str(one.greatest_on),
            )
        )
        before = one.control_point
    print_table(rows)
