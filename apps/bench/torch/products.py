"""Products of matrices in PyTorch, for the bench: reads the number of threads, then cases, one a line.

A case is [batch, m, n, k, transposeA, transposeB, repeats]. Answers each line with milliseconds of one product, and
the end of input with the peak memory in megabytes.
"""

import json
import resource
import sys
import time

import torch

threads = json.loads(sys.stdin.readline())
torch.set_num_threads(threads)
torch.manual_seed(0)


def operands(batch, m, n, k, transpose_a, transpose_b):
    a = torch.randn(batch, k, m).mT if transpose_a else torch.randn(batch, m, k)
    b = torch.randn(batch, n, k).mT if transpose_b else torch.randn(batch, k, n)
    return (a[0], b[0]) if batch == 1 else (a, b)


print(f"PyTorch {torch.__version__}, {torch.get_num_threads()} threads", flush=True)
for line in sys.stdin:
    *shape, repeats = json.loads(line)
    a, b = operands(*shape)
    a @ b
    begin = time.perf_counter()
    for _ in range(repeats):
        a @ b
    print(json.dumps([1000 * (time.perf_counter() - begin) / repeats]), flush=True)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, flush=True)
