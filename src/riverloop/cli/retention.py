"""``riverloop retention``: what is kept no longer."""

from __future__ import annotations

import click

from riverloop.cli.printing import print_table


@click.group("retention")
def retention_app() -> None:
    """How long things are kept."""


@retention_app.command("run")
@click.option("--dry-run", is_flag=True, help="Only count what would go.")
def retention_run(*, dry_run: bool) -> None:
    """Delete what is kept no longer, by the table of the zone file. The worker does so every day."""
    from riverloop.web.server import prepare

    prepare(node=True)
    from riverloop.apps.nodes.here import hosted_sides
    from riverloop.apps.parties import retention

    for side in hosted_sides():
        gone = retention.run(side, dry=dry_run)
        print_table((side, kind, str(count)) for kind, count in gone.items())
