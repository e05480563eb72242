"""`python -m tests.simulating.record` writes down what every example prints now; the difference is for reviewers."""

import asyncio

from simulating.command import set_up_process
from tests.simulating import EXAMPLES, expected, printed

set_up_process()
for example in EXAMPLES:
    expected(example).write_text(asyncio.run(printed(example)), "utf-8")
