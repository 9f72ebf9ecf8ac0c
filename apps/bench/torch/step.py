"""Steps of CAN in PyTorch, for the bench: reads a config, then a line for each step.

Answers each line with milliseconds and the loss, and the end of input with the peak memory in megabytes.
"""

import json
import resource
import sys
import time

from can_step import about, make_step

step = make_step(*json.loads(sys.stdin.readline()))
print(about(), flush=True)
for _ in sys.stdin:
    begin = time.perf_counter()
    loss = step()
    print(json.dumps([1000 * (time.perf_counter() - begin), loss]), flush=True)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, flush=True)
