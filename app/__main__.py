"""``python -m app``."""

import gc

# What is imported stays: looking for garbage among it is an eighth of a start. See ``app.garbage``.
gc.disable()

if __name__ == "__main__":
    # Workers of the web import this file too, and need nothing of the commands.
    from app.cli import main

    main()
