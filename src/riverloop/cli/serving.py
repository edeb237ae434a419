"""``riverloop serve`` and ``riverloop work``: the pages, and the work behind them."""

from __future__ import annotations

import os

import click

from riverloop.cli.options import side_here_option


@click.command()
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--host", default="127.0.0.1", show_default=True)
@side_here_option
@click.option("--peer-port", type=click.IntRange(1, 65535), help="Where it listens to the other side's node.")
@click.option("--worker/--no-worker", default=True, show_default=True, help="Start `riverloop work` beside it.")
def serve(*, port: int, host: str, peer_port: int | None, worker: bool) -> None:
    """Migrate the database and serve the pages until stopped."""
    if peer_port:
        os.environ["RIVERLOOP_PEER_PORT"] = str(peer_port)  # the settings read it later, and what serve starts
    from riverloop.web.server import serve as serve_pages

    serve_pages(host=host, port=port, worker=worker)


@click.command("work")
@click.option("--once", is_flag=True, help="Do what is due and end: for cron.")
@side_here_option
@click.option("--parent", default=0, hidden=True, help="End when this process has gone.")
def work_command(*, once: bool, parent: int) -> None:
    """Do background work until stopped: runs, messages between the sides, mail, webhooks, the timetable."""
    _begin(parent)
    from django.conf import settings

    from riverloop.apps.runs import work, worker

    if settings.RIVERLOOP_DEMO and settings.RIVERLOOP_SIDE:
        from riverloop.web.demo.following import day_follow

        work.every_round("demo", day_follow)
    if once:
        print(f"{worker.work_through()} runs")
    else:
        worker.work_until_stopped(parent=parent)


@click.command("listen")
@side_here_option
@click.option("--parent", default=0, hidden=True, help="End when this process has gone.")
def listen_command(*, parent: int) -> None:
    """Listen to the other side's node; `riverloop serve` does so beside itself."""
    _begin(parent)
    from riverloop.web.listening import listen

    listen(parent=parent)


def _begin(parent: int) -> None:
    """Take a part in the data folder, and prepare it unless a parent has; let the log tell what nobody catches."""
    from riverloop.web.server import prepare, set_up

    set_up()
    from django.conf import settings

    from riverloop.web import in_use, logs

    logs.catch_the_rest(with_words=settings.DEBUG)
    in_use.hold()
    if not parent:
        prepare()
