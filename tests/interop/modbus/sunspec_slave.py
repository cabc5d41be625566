# SPDX-License-Identifier: GPL-2.0-or-later
"""Devices whose SunSpec maps are made by the Alliance's own library, pysunspec2,
from the models as published, behind a server of pymodbus.
    sunspec_slave.py PORT BASE
Unit n has model 1 and MODELS[n - 1], from register BASE on. With "ready" come,
for each unit, its values: [model, field, block, value], null where it is not
implemented, as the library computes them."""
import asyncio
import json
import sys

import sunspec2.device as sunspec
from pymodbus.datastore import (ModbusDeviceContext, ModbusSequentialDataBlock,
                                ModbusServerContext)
from pymodbus.server import StartAsyncTcpServer

MODELS = (101, 102, 103, 111, 112, 113, 160, 201, 202, 203, 204, 211, 212, 213,
          214, 802)
BLOCKS = 3                      # of models that have a repeating one
NUMBERS = {"int16": -1200, "uint16": 2300, "acc32": 70000, "uint32": 1 << 31,
           "enum16": 4, "bitfield32": 0x10001, "float32": -5.25,
           "count": BLOCKS}


# What devices are known by is as it would be.
FIXED = {"St": {"enum16": 4}, "Hz_SF": {"sunssf": -2},
         "Hz": {"uint16": 5000, "int16": 5000, "float32": 50.0}}


def points_fill(group, model, block, found):
    """Every seventh is left out; scale factors go from -3 to 2."""
    for i, (name, point) in enumerate(group.points.items()):
        kind = point.pdef["type"]
        if name in ("ID", "L") or kind == "pad":
            continue
        if kind in FIXED.get(name, {}):
            point.value = FIXED[name][kind]
        elif kind == "sunssf":
            point.value = i % 6 - 3
        elif kind == "string":
            point.value = f"{model} {name}"[:2 * point.len]
        elif i % 7 != 6 or kind == "count":
            point.value = NUMBERS[kind] + (0 if kind == "count" else i)
    for name, point in group.points.items():
        if point.pdef["type"] in ("pad", "sunssf") or name in ("ID", "L"):
            continue
        found.append([model, name, block, point.cvalue])


def model_words(model, found):
    data = {"N": BLOCKS, "module": [{}] * BLOCKS} if model == 160 else {}
    made = sunspec.Model(model, data=data)
    points_fill(made, model, 1, found)
    for group in made.groups.values():
        for block, one in enumerate(group, 1):
            points_fill(one, model, block, found)
    raw = made.get_mb()
    if made.error_info:
        raise SystemExit(made.error_info)
    return [int.from_bytes(raw[i:i + 2], "big")
            for i in range(0, len(raw), 2)]


def unit(base, model):
    found = []
    words = ([0x5375, 0x6E53] + model_words(1, found) +
             model_words(model, found) + [0xFFFF, 0])
    # its addresses count from 1
    return ModbusDeviceContext(hr=ModbusSequentialDataBlock(base + 1, words)), \
        found


async def main(port, base):
    units = [unit(int(base), model) for model in MODELS]
    context = ModbusServerContext(
        {n: device for n, (device, _) in enumerate(units, 1)}, single=False)
    task = asyncio.ensure_future(StartAsyncTcpServer(
        context, address=("127.0.0.1", int(port))))
    await asyncio.sleep(0.5)
    print(json.dumps({"event": "ready", "units": {
        n: values for n, (_, values) in enumerate(units, 1)}}), flush=True)
    await task

asyncio.run(main(*sys.argv[1:]))
