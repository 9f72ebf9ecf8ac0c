"""Records of event files, as TensorBoard's own writer encodes them."""

import io

import tensorboard
import torch
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

from store import save

SECONDS = 1795504564.25
LARGE_STEP = 5_000_000_000  # passes 32 bits


def make():
    image = Summary.Image(height=2, width=300, colorspace=3, encoded_image_string=bytes(range(200)))
    scalars = [
        Summary.Value(tag="loss/total", simple_value=1.1),
        Summary.Value(tag="naïve", simple_value=-3e-9),
    ]
    events = {
        "start": Event(wall_time=SECONDS, file_version="brain.Event:2"),
        "scalars": Event(wall_time=SECONDS, step=300, summary=Summary(value=scalars)),
        "image": Event(
            wall_time=SECONDS,
            step=LARGE_STEP,
            summary=Summary(value=[Summary.Value(tag="samples", image=image)]),
        ),
    }
    arrays = {name: torch.tensor(list(record(event))) for name, event in events.items()}
    save("events", __file__, arrays, versions=[tensorboard])


def record(event):
    out = io.BytesIO()
    RecordWriter(out).write(event.SerializeToString())
    return out.getvalue()
