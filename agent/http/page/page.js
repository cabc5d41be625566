// SPDX-License-Identifier: GPL-2.0-or-later
'use strict';
const fill = (id, lines) => document.getElementById(id).replaceChildren(
	...lines.map(line => Object.assign(document.createElement('li'),
		{textContent: line})));
fetch('api/status').then(answer => answer.json()).then(status => {
	document.getElementById('name').textContent = status.gateway;
	document.getElementById('verdict').textContent = status.health;
	fill('reasons', status.reasons);
	fill('endpoints', status.endpoints.map(e => `${e.endpoint}: ${e.state}`));
});
