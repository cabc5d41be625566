/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * lwm2m-node-lib's LwM2M 1.0 server behind JSON lines, for the
 * interoperability tests:
 *
 *   NODE_PATH=LIBS/node_modules node server.js
 *
 * Standard output, one JSON object a line: {"event": "ready", "coap": PORT};
 * registered, updated, unregistered {"ep", "lifetime", ...}; notification
 * {"ep", "path", "value"}; and for each request {"id", "value"} or
 * {"id", "code", "error"}. Standard input, one request a line:
 *
 *   {"id": 1, "op": "list"}
 *   {"id": 2, "op": "read", "ep": "x", "path": "/3303/0/5700"}
 *   write execute: also "value";  discover: path of 1 to 3 levels
 *   attributes: also "attributes": {"pmin": 1};  observe  cancel
 *
 * The library reads and writes single resources as text only, has no DTLS,
 * and sends its requests through its own port as a proxy.
 */
'use strict';

const dgram = require('dgram');
const readline = require('readline');
const {server} = require('lwm2m-node-lib');
const config = require('lwm2m-node-lib/config.js').server;

function say(line) {
	process.stdout.write(JSON.stringify(line) + '\n');
}

function free_port(callback) {
	const socket = dgram.createSocket('udp4');
	socket.bind(0, () => {
		const port = socket.address().port;
		socket.close(() => callback(port));
	});
}

function describe(device) {
	return {ep: device.name, lifetime: Number(device.lifetime),
		address: device.address, port: device.port};
}

function listen(info) {
	server.setHandler(info, 'registration',
		(ep, lifetime, version, binding, payload, done) => {
			done();
			say({event: 'registered', ep, lifetime: Number(lifetime),
				lwm2m: version, binding, links: payload});
		});
	server.setHandler(info, 'updateRegistration', (device, payload, done) => {
		done();
		say({event: 'updated', ...describe(device), links: payload});
	});
	server.setHandler(info, 'unregistration', (device, done) => {
		done();
		say({event: 'unregistered', ...describe(device)});
	});
}

function perform(request, id, done) {
	const [o, i, r] = (request.path || '').split('/').slice(1);
	const notify = (value, object, instance, resource) =>
		say({event: 'notification', ep: request.ep, value,
			path: `/${object}/${instance}/${resource}`});
	switch (request.op) {
	case 'read':
		return server.read(id, o, i, r, done);
	case 'write':
		return server.write(id, o, i, r, request.value, done);
	case 'execute':
		return server.execute(id, o, i, r, request.value, done);
	case 'discover':
		if (r !== undefined)
			return server.discover(id, o, i, r, done);
		if (i !== undefined)
			return server.discover(id, o, i, done);
		return server.discover(id, o, done);
	case 'attributes':
		return server.writeAttributes(id, o, i, r, request.attributes, done);
	case 'observe':
		return server.observe(id, o, i, r, notify, done);
	case 'cancel':
		return server.cancelObserver(id, o, i, r, done);
	}
	done(new Error(`no such operation: ${request.op}`));
}

function handle(line) {
	const request = JSON.parse(line);
	const done = (error, value) => {
		if (error)
			say({id: request.id, code: error.code,
				error: error.message || error.name});
		else
			say({id: request.id, value});
	};
	if (request.op === 'list')
		return server.getRegistry().list((error, all) =>
			done(error, all && all.map(describe)));
	server.getRegistry().getByName(request.ep, (error, device) => {
		if (error)
			return done(error);
		perform(request, device.id, done);
	});
}

free_port(port => {
	config.port = port;
	config.types = [];
	config.logLevel = 'FATAL';
	server.start(config, (error, info) => {
		if (error) {
			console.error(error.message);
			process.exit(1);
		}
		listen(info);
		readline.createInterface({input: process.stdin})
			.on('line', handle)
			.on('close', () => process.exit(0));
		say({event: 'ready', coap: port});
	});
});
