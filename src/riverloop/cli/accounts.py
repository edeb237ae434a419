"""``riverloop user`` and ``riverloop role``: accounts, and what they may do."""

from __future__ import annotations

import click

from riverloop.cli.options import checked_language
from riverloop.cli.printing import print_table


@click.group("user")
def user_app() -> None:
    """Accounts: they are made here, by invitation."""


@click.group("role")
def role_app() -> None:
    """Roles of accounts: grant one, end one, list them."""


@user_app.command("add")
@click.argument("email")
@click.option("--name", required=True, help="How the account is called on pages.")
@click.option("--side", required=True, help="The side that it belongs to.")
@click.option("--role", default="", help="A role to grant: officer, gate, operator, planner, treasurer, auditor …")
@click.option("--for", "held_for", default="", help="What the role is held for, by id: authority, park, organisation …")
@click.option("--language", default="en", show_default=True, help="en, zh-Hant or zh-Hans.")
@click.option("--url", help="Where the pages are served; without it, RIVERLOOP_URL.")
def user_add(*, email: str, name: str, side: str, role: str, held_for: str, language: str, url: str | None) -> None:
    """Make an account, and print the address at which its owner sets a password."""
    from riverloop.web.data_folder import is_named
    from riverloop.web.server import prepare

    prepare(node=not is_named())
    from django.conf import settings

    from riverloop.apps.parties.invitations import invite

    path = invite(
        email=email, name=name, side=side, kind=role, held_for=held_for, language=checked_language(language).lower()
    )
    print(f"{(url or settings.RIVERLOOP_URL).rstrip('/')}{path}")
    print("Hand this address to its owner and to nobody else: it sets the password, once, within three days.")


@user_app.command("close")
@click.argument("email")
def user_close(*, email: str) -> None:
    """Close the account with the address EMAIL: its roles, sessions and tokens end at once."""
    from riverloop.web.server import prepare

    prepare(node=True)
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

    prepare(node=True)
    from riverloop.apps.parties.invitations import account_named
    from riverloop.apps.parties.second_factor import forget

    print(f"{forget(user=account_named(email))} taken")


@role_app.command("grant")
@click.argument("email")
@click.argument("kind")
@click.option("--for", "held_for", default="", help="What the role is held for, by id: authority, park, organisation …")
def role_grant(*, email: str, kind: str, held_for: str) -> None:
    """Grant the role KIND to the account with the address EMAIL."""
    from riverloop.web.server import prepare

    prepare(node=True)
    from riverloop.apps.parties.invitations import account_named, grant

    role = grant(user=account_named(email), kind=kind, held_for=held_for)
    print(f"granted {role.id}")


@role_app.command("end")
@click.argument("role_id")
def role_end(*, role_id: str) -> None:
    """End the role with the id ROLE_ID, as `riverloop role list` shows it."""
    from riverloop.web.server import prepare

    prepare(node=True)
    from riverloop.apps.parties.invitations import role_named
    from riverloop.apps.parties.services import role_end as end

    print(f"ended {end(role=role_named(role_id)).id}")


@role_app.command("list")
@click.argument("email", required=False)
@click.option("--all", "with_ended", is_flag=True, help="Ended ones too.")
def role_list(*, email: str | None, with_ended: bool) -> None:
    """List the roles of the account with the address EMAIL, or of every account."""
    from riverloop.web.server import prepare

    prepare(node=True)
    from riverloop.apps.parties.invitations import role_rows

    print_table(role_rows(email=email or "", with_ended=with_ended))
