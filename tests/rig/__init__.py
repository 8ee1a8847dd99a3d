"""What the tests need from the machine: a PostgreSQL and a Chromium, found, or installed by ``./scripts/test``."""
