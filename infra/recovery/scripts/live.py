"""The live database, as the application reaches it."""

import os

import psycopg2

SECONDS = 5


def password() -> str:
    with open(os.environ["DATABASE_PASSWORD_FILE"], encoding="utf-8") as file:
        return file.read()


def connect(variable: str = "POOLER_HOST", port: str = "POOLER_PORT"):
    """Through the pooler; with PRIMARY_HOST and PRIMARY_PORT a session of its own at the primary."""
    return psycopg2.connect(
        host=os.environ[variable],
        port=os.environ[port],
        user=os.environ["DATABASE_USER"],
        password=password(),
        dbname=os.environ["DATABASE_NAME"],
        connect_timeout=SECONDS,
    )
