"""Makes the man page anew from the commands: `python man/make.py`."""

from pathlib import Path

from cubie_cli.commands.manual import man_page
from cubie_cli.main import app

Path(__file__).with_name("cubie.1").write_text(man_page(app), encoding="utf-8")
