# SPDX-License-Identifier: GPL-2.0-or-later
"""A slave of pymodbus: unit 1, holding register n holds 1000 + n, input
register n 2000 + n, coils are off, every second discrete input is on.
    slave.py tcp PORT | rtu DEVICE"""
import asyncio
import json
import sys

from pymodbus.datastore import (ModbusDeviceContext, ModbusSequentialDataBlock,
                                ModbusServerContext)
from pymodbus.framer import FramerType
from pymodbus.server import StartAsyncSerialServer, StartAsyncTcpServer


def block(values):
    # its addresses count from 1
    return ModbusSequentialDataBlock(1, values)


async def main(kind, where):
    context = ModbusServerContext(ModbusDeviceContext(
        di=block([n % 2 for n in range(200)]), co=block([0] * 200),
        hr=block([1000 + n for n in range(200)]),
        ir=block([2000 + n for n in range(200)])), single=True)
    if kind == "tcp":
        task = StartAsyncTcpServer(context, address=("127.0.0.1", int(where)))
    else:
        task = StartAsyncSerialServer(context, port=where, baudrate=19200,
                                      framer=FramerType.RTU)
    task = asyncio.ensure_future(task)
    await asyncio.sleep(0.5)
    print(json.dumps({"event": "ready"}), flush=True)
    await task

asyncio.run(main(*sys.argv[1:]))
