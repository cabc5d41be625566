// SPDX-License-Identifier: GPL-2.0-or-later
// A slave of modbus-serial: unit 1, holding register n holds 1000 + n, coils
// are off; what is written stays.
//     node slave.js tcp PORT | rtu DEVICE
'use strict';
const modbus = require('modbus-serial');

const registers = new Map();
const coils = new Map();
const vector = {
  getHoldingRegister: (at) => registers.get(at) ?? 1000 + at,
  getInputRegister: (at) => 2000 + at,
  getCoil: (at) => coils.get(at) ?? false,
  getDiscreteInput: (at) => at % 2 === 1,
  setRegister: (at, value) => { registers.set(at, value); },
  setCoil: (at, value) => { coils.set(at, value); },
};
const ready = () => console.log(JSON.stringify({event: 'ready'}));
const [kind, where] = process.argv.slice(2);
const server = kind === 'tcp'
  ? new modbus.ServerTCP(vector, {host: '127.0.0.1', port: Number(where),
    unitID: 1})
  : new modbus.ServerSerial(vector, {port: where, baudRate: 19200, unitID: 1});
server.on('initialized', ready);
server.on('socketError', () => {});
