"""Reads data with fastavro: a line of JSON for each pair of schemas and their data, and one for each answer."""

import io
import json
import struct
import sys

import fastavro
import fastavro.read

sys.setrecursionlimit(10_000)


def told(value):
    """A value as JSON that keeps what JSON has not."""
    if isinstance(value, (bytes, bytearray)):
        return {"bytes": bytes(value).hex()}
    if isinstance(value, float):
        return {"double": struct.pack(">d", value).hex()}
    if isinstance(value, dict):
        return {"members": {str(key): told(it) for key, it in value.items()}}
    if isinstance(value, (list, tuple)):
        return [told(it) for it in value]
    if value is None or isinstance(value, (bool, int, str)):
        return value
    return {"other": repr(value)}


def message(error):
    return f"{type(error).__name__}: {error}"[:300]


for line in sys.stdin:
    pair = json.loads(line)
    try:
        writer = fastavro.parse_schema(json.loads(pair["writer"]))
        reader = fastavro.parse_schema(json.loads(pair["reader"]))
    except Exception as error:
        print(json.dumps({"refused": message(error)}), flush=True)
        continue
    answers = []
    for data in pair["data"]:
        stream = io.BytesIO(bytes.fromhex(data))
        try:
            value = fastavro.schemaless_reader(stream, writer, reader)
            answers.append({"left": len(stream.read()), "value": told(value)})
        except Exception as error:
            answers.append({"error": message(error)})
    print(json.dumps({"answers": answers}), flush=True)
