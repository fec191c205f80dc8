"""`python -m dqn_fast` is the `dqn-fast` command."""

import sys

from dqn_fast.cli import main

sys.exit(main())
