"""``riverloop backup`` and ``riverloop restore``: a node in one file, its keys in another."""

from __future__ import annotations

from pathlib import Path

import click

from riverloop.core.kernel.errors import RiverloopError

_file = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("file", type=_file)
@click.option("--keys", type=_file, help="Write the keys there; keep them apart from FILE.")
def backup(*, file: Path, keys: Path | None) -> None:
    """Back up database, logs and files to FILE, also while the node serves.

    What is sealed in it opens only with the keys. FILE appears once it is whole.
    """
    from riverloop.web.server import set_up

    set_up(node=True)
    from riverloop.web.backup.taking import back_up

    taken = back_up(file, keys=keys)
    print(f"{file}: {taken.files} files, {taken.size_bytes / 1e6:,.1f} MB")
    if keys is None:
        print("The keys are not in it, and nothing sealed opens without them. To back them up too: --keys FILE")
        if taken.keys_missing:
            print(f"It needs keys that no backup holds ({taken.keys_missing}): back them up soon.")
    else:
        print(f"{keys}: the keys. Keep them apart from {file.name}: both together open everything.")
    if taken.left_out:
        print(f"Left out, since nothing is known of it: {', '.join(taken.left_out)}")


@click.command()
@click.argument("file", type=_file)
@click.option("--keys", type=_file, help="The backup of the keys, unless they lie in the data folder.")
@click.option("--replace", is_flag=True, help="Put aside what is there, and take its place.")
@click.option(
    "--check", "only_check", is_flag=True, help="Read all of it, say whether it is whole, and change nothing."
)
def restore(*, file: Path, keys: Path | None, replace: bool, only_check: bool) -> None:
    """Restore the backup FILE into the data folder and the database that are set; Riverloop must not run there.

    A damaged backup, or one of a newer Riverloop, is refused whole. An older one is brought up to date.
    """
    from riverloop.web.data_folder import check_owner
    from riverloop.web.server import prepare, set_up_passing

    if not only_check:
        check_owner()
    set_up_passing()  # a key that it made in the folder would be put aside as if it had been there before
    from riverloop.web.backup import restoring

    if only_check:
        about = restoring.check_backup(file)
        made = f"made at {about['made_at']} by Riverloop {about['version']}"
        print(f"{file} is whole: {len(about['members'])} files, {made}")
        return
    done = restoring.restore(file, keys=keys, replace=replace)
    prepare()
    _spring_the_trap()
    print(f"Restored as of {done.made_at}.")
    if done.aside:
        print(f"What was there before lies in {done.aside}.")


def _spring_the_trap() -> None:
    """Compare each log with what was published and mirrored, as the worker does before it signs."""
    from riverloop.apps.nodes.here import hosted_sides
    from riverloop.apps.record import restoring
    from riverloop.apps.record.folders import one_at_a_time

    for side in hosted_sides():
        try:
            with one_at_a_time(side):
                restoring.check(side)
        except RiverloopError as error:
            print(f"The log of {side} is not signed for now: {error}")
