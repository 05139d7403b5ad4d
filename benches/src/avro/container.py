"""fastavro: FILE WRITER READER HEX PLAIN_BYTES BLOCK_BYTES. Each line asks for `decode`, `read CODEC` or `write CODEC`; the answer is in nanoseconds
for the record, or for each byte of records before compression."""

import io
import json
import sys
import time

import fastavro

path, writer, reader, record, plain, block = sys.argv[1:]
writer = fastavro.parse_schema(json.loads(writer))
reader = fastavro.parse_schema(json.loads(reader))
record, plain, block = bytes.fromhex(record), int(plain), int(block)
with open(path, "rb") as file:
    records = list(fastavro.reader(file))


def decode():
    for _ in range(1000):
        fastavro.schemaless_reader(io.BytesIO(record), writer, reader)
    return 1000


def write(codec):
    out = io.BytesIO()
    fastavro.writer(out, writer, records, codec=codec, sync_interval=block)
    return out


files = {codec: write(codec).getvalue() for codec in ("null", "deflate", "snappy")}


def read(codec):
    count = 0
    for _ in fastavro.reader(io.BytesIO(files[codec])):
        count += 1
    assert count == len(records)
    return plain


def best(work):
    found, begun = float("inf"), time.perf_counter()
    for done in range(12):
        if done >= 3 and time.perf_counter() - begun > 0.2:
            break
        at = time.perf_counter_ns()
        things = work()
        found = min(found, (time.perf_counter_ns() - at) / things)
    return found


def written(codec):
    write(codec)
    return plain


works = {"decode": decode}
for codec in files:
    works["read " + codec] = lambda codec=codec: read(codec)
    works["write " + codec] = lambda codec=codec: written(codec)
assert fastavro.schemaless_reader(io.BytesIO(record), writer, reader)["channel"] == "web"
print("ready", flush=True)
for line in sys.stdin:
    print(best(works[line.strip()]), flush=True)
