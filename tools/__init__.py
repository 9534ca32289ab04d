"""What makes, checks and releases the repository; the bootstrap needs nothing but Python's standard library."""

import sys

# older Pythons read this file too, to say which one is needed
if sys.version_info < (3, 11):
    sys.exit(
        "Yinfeng needs Python 3.11 or newer; this is {}.\n"
        "Where there is a newer one, name it: make run PYTHON=python3.11".format(sys.version.split()[0])
    )
