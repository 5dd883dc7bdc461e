"""`rosette user`: people who may log in."""

from __future__ import annotations

import asyncio
import secrets
from typing import Any, cast

import click
import msgspec

from hub.commands.connect import connected
from hub.commands.terminal import show_json, show_table
from hub.console.passwords import SHORTEST, hash_password
from hub.records.ids import new_id
from hub.records.person import ROLES, Person, Role
from hub.settings import Settings
from hub.store import access, people, sites

WHO = "rosette user"


@click.group("user")
def command() -> None:
    """People who may log in."""


def _password(generate: bool) -> str:
    if generate:
        return secrets.token_urlsafe(18)
    password: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    if len(password) < SHORTEST:
        raise click.UsageError(f"a password has at least {SHORTEST} characters; or use --generate")
    return password


def _roles(_context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, Role]:
    roles: dict[str, Role] = {}
    for value in values:
        site, _, role = value.partition("=")
        if not site or role not in ROLES:
            raise click.BadParameter(f"{value!r}: give SITE=ROLE with one of {', '.join(ROLES)}; SITE * is every site")
        roles[site] = role
    return roles


@command.command("add")
@click.argument("email")
@click.option("--name", required=True, help="As colleagues see it.")
@click.option("--role", "roles", multiple=True, required=True, callback=_roles, metavar="SITE=ROLE", help="May repeat.")
@click.option("--language", type=click.Choice(["en", "ru"]), default="en")
@click.option("--generate", is_flag=True, help="Make a password and print it once, instead of asking for one.")
@click.pass_obj
def add(settings: Settings, email: str, name: str, roles: dict[str, Role], language: str, generate: bool) -> None:
    """Add a person. Roles: ranger, dispatcher, scientist, admin; SITE * is every site."""
    if "@" not in email:
        raise click.UsageError(f"{email!r} is not an e-mail address")
    password = _password(generate)
    person = Person(id=new_id(), email=email, name=name, language=cast("Any", language), sites=roles)
    asyncio.run(_add(settings, person, password))
    click.echo(f"added {email}" + (f" with the password {password}" if generate else ""))


async def _add(settings: Settings, person: Person, password: str) -> None:
    async with connected(settings) as database:
        for site in person.sites:
            if site != "*":
                await sites.get(database, site)
        async with database.transaction() as connection:
            await people.add(connection, person, hash_password(password))
        await access.audit(database, None, WHO, "add person", email=person.email, roles=person.sites)


@command.command("password")
@click.argument("email")
@click.option("--generate", is_flag=True, help="Make a password and print it once, instead of asking for one.")
@click.pass_obj
def change_password(settings: Settings, email: str, generate: bool) -> None:
    """Replace the password of a person."""
    password = _password(generate)
    asyncio.run(_change(settings, email, password))
    click.echo(f"changed the password of {email}" + (f" to {password}" if generate else ""))


async def _change(settings: Settings, email: str, password: str) -> None:
    async with connected(settings) as database:
        async with database.transaction() as connection:
            await people.set_password(connection, email, hash_password(password))
        await access.audit(database, None, WHO, "change password", email=email)


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.pass_obj
def list_people(settings: Settings, as_json: bool) -> None:
    """Everybody who may log in, and their roles."""
    known = asyncio.run(_list(settings))
    if as_json:
        show_json(msgspec.to_builtins(known))
        return
    rows = [
        [one.email, one.name, ", ".join(f"{site}={role}" for site, role in one.sites.items()), str(one.active).lower()]
        for one in known
    ]
    show_table("People", ["e-mail", "name", "roles", "active"], rows)


async def _list(settings: Settings) -> list[Person]:
    async with connected(settings) as database:
        known: list[Person] = []
        while more := await people.page(database, None, known[-1].id if known else None, 500):
            known += more
        return known
