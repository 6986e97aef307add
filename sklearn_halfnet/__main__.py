"""Run the command line: ``python -m sklearn_halfnet``."""

import sys

from sklearn_halfnet.cli import main

if __name__ == "__main__":
    sys.exit(main())
