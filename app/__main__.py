"""``python -m app``."""

import gc

# What is imported stays: looking for garbage in it every 700 objects is a sixth of the start, and slows requests too.
gc.set_threshold(50_000, 20, 50)

if __name__ == "__main__":
    # Workers of the web import this file too, and need nothing of the commands.
    from app.cli import main

    main()
