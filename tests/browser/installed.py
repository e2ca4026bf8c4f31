"""Where Debian installs the browser of the tests; known without what drives it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

CHROMIUM: Final = Path("/usr/bin/chromium")
