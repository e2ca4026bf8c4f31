"""Lets the tests of this folder share their examples: under `--import-mode=importlib` a folder imports nothing."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
