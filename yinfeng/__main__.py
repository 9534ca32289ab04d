"""The command ``yinfeng``: Django's management commands under the product's own name."""

import os
import sys

from django.core.management import execute_from_command_line

from yinfeng.core.processes import end_with_parent


def main() -> None:
    """Run the command named on the command line."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    end_with_parent()
    execute_from_command_line(["yinfeng", *sys.argv[1:]])


if __name__ == "__main__":
    main()
