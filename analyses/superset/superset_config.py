"""Superset on your own machine, to try the dashboard: `make superset` says how.

A Superset that others reach needs settings of its own: a real database for its users
and dashboards, TLS, and an administrator with a password.
"""

import os
import secrets
from pathlib import Path

HOME = Path(os.environ["SUPERSET_HOME"])
_key = HOME / "secret_key"
if not _key.exists():
    HOME.mkdir(parents=True, exist_ok=True)
    _key.write_text(secrets.token_urlsafe(42))
    _key.chmod(0o600)

SECRET_KEY = _key.read_text()
SQLALCHEMY_DATABASE_URI = f"sqlite:///{HOME}/superset.db"
# It runs without TLS here, and browsers would insist on it.
TALISMAN_ENABLED = False
