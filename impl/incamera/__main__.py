"""`python -m incamera` is `incamera`."""

from incamera.cli import main

main()
