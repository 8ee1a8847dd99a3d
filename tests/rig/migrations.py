"""The schema of a test database."""

from app.db import make_engine
from models import Base


def migrate(url: str) -> None:
    engine = make_engine(url)
    Base.metadata.create_all(engine)
    engine.dispose()
