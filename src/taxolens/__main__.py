"""`python -m taxolens`: the same as `taxolens`."""

from __future__ import annotations

from taxolens.cli.main import main

if __name__ == "__main__":
    main()
