"""Let `python -m services.cli` be `tonghop`."""

from services.cli.app import main

main()
