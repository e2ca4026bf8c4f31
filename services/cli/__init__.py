"""The command line `tonghop`: one command for each thing that users and operators do (contract, section 6)."""

from services.cli.app import main

__all__ = ["main"]
