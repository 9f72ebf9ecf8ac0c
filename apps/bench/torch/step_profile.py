"""Where the time of one step of CAN goes in PyTorch: reads a config, the number of steps, and prints a table."""

import json
import sys

from torch.profiler import ProfilerActivity, profile

from can_step import about, make_step

*settings, steps = json.loads(sys.stdin.readline())
step = make_step(*settings)
for _ in range(3):
    step()
with profile(activities=[ProfilerActivity.CPU], record_shapes=True) as profiler:
    for _ in range(steps):
        step()
print(about(), "- self time in milliseconds of one step")
events = sorted(profiler.key_averages(group_by_input_shape=True), key=lambda e: -e.self_cpu_time_total)
total = sum(e.self_cpu_time_total for e in events) / 1000 / steps
for event in events:
    millis = event.self_cpu_time_total / 1000 / steps
    if millis < 0.1:
        break
    shapes = " ".join(str(shape).replace(" ", "") for shape in event.input_shapes if shape)
    print(f"{millis:9.2f} ms {100 * millis / total:5.1f}% {event.count / steps:5.0f}  {event.key}  {shapes[:150]}")
print(f"{total:9.2f} ms 100.0%        the whole step")
