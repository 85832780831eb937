"""`python -m akshar VERB ...`, the same as `akshar VERB ...`."""

import sys

from akshar.cli import main

sys.exit(main())
