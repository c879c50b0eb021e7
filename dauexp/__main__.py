"""``python -m dauexp``: the command line, for where the script ``dauexp`` is not on the PATH."""

from __future__ import annotations

from dauexp.cli import main

if __name__ == "__main__":
    main()
