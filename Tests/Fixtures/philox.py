"""Golden words of Philox-4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011), written to philox.json.

The generator is written from the paper's definition and first checked against the known answers that the authors publish.
"""

import json
import pathlib


def philox(counter, key):
    counter, key = list(counter), list(key)
    for _ in range(10):
        first = 0xD2511F53 * counter[0]
        second = 0xCD9E8D57 * counter[2]
        counter = [
            (second >> 32) ^ counter[1] ^ key[0],
            second & 0xFFFFFFFF,
            (first >> 32) ^ counter[3] ^ key[1],
            first & 0xFFFFFFFF,
        ]
        key = [(key[0] + 0x9E3779B9) & 0xFFFFFFFF, (key[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return counter


KNOWN = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]
for counter, key, words in KNOWN:
    assert tuple(philox(counter, key)) == words, (counter, key)

rows = []
for key in (0, 1, -1, 0x123456789ABCDEF, -0x5DEECE66D):
    for stream in (0, 1, 0xFFFFFFFF):
        for element in (0, 1, 31, 32, 1024, 3001):
            bits = key & 0xFFFFFFFFFFFFFFFF
            words = philox((element, 0, stream, 0), (bits & 0xFFFFFFFF, bits >> 32))
            rows.append({"key": key, "element": element, "stream": stream, "words": words})
pathlib.Path(__file__).with_suffix(".json").write_text("[\n" + ",\n".join(json.dumps(r) for r in rows) + "\n]\n")
