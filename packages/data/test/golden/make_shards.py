"""Small shards by other programs, and what Python's tarfile reads in them.

python3 -m venv venv && venv/bin/pip install webdataset==1.0.2 pillow numpy pyarrow && venv/bin/python make_shards.py

Also runs GNU tar and gzip. Writes shards/: the tests read them and compare with shards.json.
"""

import hashlib
import io
import json
import os
import subprocess
import tarfile
import tempfile

import pyarrow
import pyarrow.parquet
import webdataset
from PIL import Image

HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.path.join(HERE, "shards")
os.makedirs(OUT, exist_ok=True)


def png(number):
    image = Image.new("RGB", (3, 2), (number, 10, 20))
    image.putpixel((0, 0), (255, 255 - number, 0))
    bytes_ = io.BytesIO()
    image.save(bytes_, "PNG")
    return bytes_.getvalue()


def at(name):
    return os.path.join(OUT, name)


# webdataset's own writer; classes as numbers, a caption and a record beside each image.
for shard in range(2):
    with webdataset.TarWriter(at(f"wds-{shard:03d}.tar"), mtime=0, user="u", group="g") as writer:
        for i in range(3):
            number = shard * 3 + i
            writer.write(
                {
                    "__key__": f"{number:06d}",
                    "png": png(number),
                    "cls": number % 2,
                    "json": {"label": 7, "caption": f"number {number}"},
                    "txt": f"number {number}",
                }
            )

LONG = "/".join(["a folder with a name of forty letters 56"] * 5)
NAMES = ["short.png", "cat/0.jpg.png", "写真/あ.png", LONG + "/" + "n" * 90 + ".png", "x" * 140 + ".png"]


def by_tarfile(name, format_, names):
    with tarfile.open(at(name), "w", format=format_) as tar:
        for number, own in enumerate(names):
            info = tarfile.TarInfo(own)
            info.size = len(png(number))
            info.mtime = 1.5 if format_ == tarfile.PAX_FORMAT else 1
            tar.addfile(info, io.BytesIO(png(number)))


by_tarfile("pax.tar", tarfile.PAX_FORMAT, NAMES)
by_tarfile("gnu.tar", tarfile.GNU_FORMAT, NAMES)
by_tarfile("ustar.tar", tarfile.USTAR_FORMAT, ["short.png", "deep" * 20 + "/" + "p" * 60 + "/0.png"])

# GNU tar itself: of a folder, with a link, labels after all images, sizes in the old and in base-256.
with tempfile.TemporaryDirectory() as root:
    for number, own in enumerate(["b/1.png", "a/0.png"]):
        os.makedirs(os.path.join(root, os.path.dirname(own)), exist_ok=True)
        with open(os.path.join(root, own), "wb") as file:
            file.write(png(number))
        with open(os.path.join(root, own[:-3] + "cls"), "w") as file:
            file.write(["dog", "cat"][number])
    os.symlink("1.png", os.path.join(root, "b/link.png"))
    order = ["./a", "./b/link.png", "./b/1.png", "./a/0.cls", "./b/1.cls"]
    fixed = ["--mtime=@1", "--owner=u:1", "--group=g:1", "--no-recursion"]
    for format_ in ["gnu", "posix", "v7"]:
        order_now = order + ["./a/0.png"]
        subprocess.run(
            ["tar", *fixed, f"--format={format_}", "-C", root, "-cf", at(f"tar-{format_}.tar"), *order_now],
            check=True,
        )
    # The same name once more, at the end: tar's way of replacing a file.
    with open(os.path.join(root, "a/0.png"), "wb") as file:
        file.write(png(9))
    subprocess.run(["cp", at("tar-gnu.tar"), at("appended.tar")], check=True)
    subprocess.run(["tar", *fixed, "-C", root, "-rf", at("appended.tar"), "./a/0.png"], check=True)

subprocess.run(["gzip", "-nkf9", at("wds-000.tar")], check=True)
os.replace(at("wds-000.tar.gz"), at("compressed.tar"))

# Parquet as the Hugging Face hub stores images, with an index of pages and without, and of other columns.
features = {"image": {"_type": "Image"}, "label": {"names": ["cat", "dog"], "_type": "ClassLabel"}}
metadata = {"huggingface": json.dumps({"info": {"features": features}})}
image_of = pyarrow.struct([("bytes", pyarrow.binary()), ("path", pyarrow.string())])


def parquet(name, columns, metadata=None, **options):
    schema = pyarrow.schema([(own, type_) for own, (type_, _) in columns.items()], metadata=metadata)
    values = [pyarrow.array(list(own), type=type_) for type_, own in columns.values()]
    pyarrow.parquet.write_table(pyarrow.table(values, schema=schema), at(name), **options)


def stored(numbers):
    return [{"bytes": png(number), "path": f"{number}.png"} for number in numbers]


hub = {"image": (image_of, stored(range(7))), "label": (pyarrow.int64(), [0, 1, 0, 1, 0, 1, -1])}
parquet("hub.parquet", hub, metadata, row_group_size=3)
parquet(
    "hub-index.parquet",
    hub,
    metadata,
    row_group_size=4,
    write_page_index=True,
    use_dictionary=False,
    data_page_size=100,
    write_batch_size=1,
    compression="gzip",
)
plain = {"label": (pyarrow.string(), ["a", "b", None]), "jpg": (pyarrow.binary(), map(png, range(3)))}
parquet("plain.parquet", plain, compression="none", data_page_version="2.0")
parquet("null.parquet", {"image": (image_of, [*stored([0]), None, {"path": "1.png"}, *stored([2])])})
parquet("two.parquet", {"mask": (image_of, stored([5, 6])), "image": (image_of, stored([0, 1]))})
parquet("none.parquet", {"text": (pyarrow.string(), ["a", "b"]), "label": (pyarrow.int64(), [0, 1])})

listing = {}
for name in sorted(os.listdir(OUT)):
    if not name.endswith(".tar") or name == "compressed.tar":
        continue
    with tarfile.open(at(name)) as tar:
        listing[name] = [
            {
                "name": member.name,
                "offset": member.offset_data,
                "size": member.size,
                "sha256": hashlib.sha256(tar.extractfile(member).read()).hexdigest(),
            }
            for member in tar
            if member.isfile()
        ]
for name in ["hub.parquet", "hub-index.parquet", "plain.parquet"]:
    rows = pyarrow.parquet.read_table(at(name)).to_pylist()
    images = [row["jpg"] if "jpg" in row else row["image"]["bytes"] for row in rows]
    listing[name] = [{"sha256": hashlib.sha256(own).hexdigest()} for own in images]
with open(at("shards.json"), "w", encoding="utf-8") as file:
    json.dump(listing, file, indent=1, ensure_ascii=False)
    file.write("\n")
