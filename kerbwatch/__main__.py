"""``python -m kerbwatch``."""

from kerbwatch.cli import main

main()
