"""Golden bytes of event files, written to events.json with nothing but `struct`; and a reader of such files.

    python Tests/Fixtures/events.py              writes events.json
    python Tests/Fixtures/events.py FILE         prints the events of a file, its checksums checked

The checksum is first checked against the vectors of RFC 3720, B.4. The reader is independent of the package: a file of a run
can be held against it, or against TensorBoard's own `EventFileLoader` where tensorboard is installed.
"""

import json
import pathlib
import struct
import sys


def crc32c(data):
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = (value >> 1) ^ (0x82F63B78 if value & 1 else 0)
    return value ^ 0xFFFFFFFF


def masked(data):
    value = crc32c(data)
    return (((value >> 15) | (value << 17)) + 0xA282EAD8) & 0xFFFFFFFF


RFC_3720 = [
    (bytes(32), 0x8A9136AA),
    (b"\xff" * 32, 0x62A8AB43),
    (bytes(range(32)), 0x46DD794E),
    (bytes(range(31, -1, -1)), 0x113FDB5C),
    (b"123456789", 0xE3069283),
    (b"", 0),
]
for data, known in RFC_3720:
    assert crc32c(data) == known, (data, hex(crc32c(data)))


def varint(value):
    value &= (1 << 64) - 1
    out = b""
    while value >= 0x80:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def chunk(field, data):
    return varint(field << 3 | 2) + varint(len(data)) + data


def event(time, step, version, scalars):
    out = b"\x09" + struct.pack("<d", time)
    if step:
        out += b"\x10" + varint(step)
    if version:
        out += chunk(3, version.encode())
    if scalars:
        values = [chunk(1, chunk(1, tag.encode()) + b"\x15" + struct.pack("<f", value)) for tag, value in scalars]
        out += chunk(5, b"".join(values))
    return out


def record(message):
    length = struct.pack("<Q", len(message))
    return length + struct.pack("<I", masked(length)) + message + struct.pack("<I", masked(message))


def read_varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def fields(data):
    at = 0
    while at < len(data):
        key, at = read_varint(data, at)
        kind = key & 7
        if kind == 0:
            value, at = read_varint(data, at)
        else:
            size = {1: 8, 5: 4}.get(kind)
            if size is None:
                assert kind == 2, kind
                size, at = read_varint(data, at)
            value, at = data[at : at + size], at + size
        yield key >> 3, value
    assert at == len(data)


def read(data):
    at = 0
    while at < len(data):
        length = data[at : at + 8]
        assert struct.unpack("<I", data[at + 8 : at + 12])[0] == masked(length), f"length at {at}"
        size = struct.unpack("<Q", length)[0]
        message = data[at + 12 : at + 12 + size]
        assert struct.unpack("<I", data[at + 12 + size : at + 16 + size])[0] == masked(message), f"message at {at}"
        at += 16 + size
        found = {"time": 0.0, "step": 0, "version": None, "scalars": []}
        for field, value in fields(message):
            if field == 1:
                found["time"] = struct.unpack("<d", value)[0]
            elif field == 2:
                found["step"] = value - (1 << 64) if value >> 63 else value
            elif field == 3:
                found["version"] = value.decode()
            elif field == 5:
                for _, part in fields(value):
                    parts = dict(fields(part))
                    found["scalars"].append((parts[1].decode(), struct.unpack("<f", parts[2])[0]))
        yield found


if len(sys.argv) > 1:
    for found in read(pathlib.Path(sys.argv[1]).read_bytes()):
        print(found)
else:
    cases = [
        (1.5, 0, "brain.Event:2", []),
        (1700000000.25, 1, None, [("train/loss", 3.25)]),
        (1700000001.5, 300, None, [("train/loss", 2.5), ("train/learning_rate", 2.0**-14), ("tst/P@1", 61.5)]),
        (2.0, -1, None, [("café/ü", -0.0)]),
        (0.0, (1 << 63) - 1, None, [("x" * 200, 1.0)]),
    ]
    golden = {
        "checksums": [{"bytes": data.hex(), "value": value, "masked": masked(data)} for data, value in RFC_3720],
        "events": [
            {"time": time, "step": step, "version": version, "scalars": [{"tag": t, "value": v} for t, v in scalars],
             "record": record(event(time, step, version, scalars)).hex()}
            for time, step, version, scalars in cases
        ],
    }
    for case, found in zip(cases, read(b"".join(record(event(*case)) for case in cases)), strict=True):
        assert case == tuple(found.values()), (case, found)
    (pathlib.Path(__file__).parent / "events.json").write_text(json.dumps(golden, indent=1) + "\n")
