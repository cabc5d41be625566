// SPDX-License-Identifier: GPL-2.0-or-later
// One feed of server-sent events, one view at a time. What the gateway says is
// put into the page as text, never as HTML.
'use strict';

const $ = id => document.getElementById(id);
const state = {
	head: null, before: null,	// the status, and the one before it
	rows: new Map(), events: [], one: null,
	frames: [], trace: {},		// of one bus, and how it stands
	token: sessionStorage.getItem('token'),
};

// ---- elements

function el(tag, attributes, ...children)
{
	const svg = ['svg', 'polygon', 'line'].includes(tag);
	const node = svg ?
		document.createElementNS('http://www.w3.org/2000/svg', tag) :
		document.createElement(tag);

	for (const [name, value] of Object.entries(attributes || {}))
		if (name.startsWith('on'))
			node[name] = value;
		else if (value !== undefined && value !== null && value !== false)
			node.setAttribute(name, value);
	node.append(...children.flat(9).filter(c => c !== null && c !== undefined));
	return node;
}

// Makes node what wanted is, and touches only what differs: focus, selection
// and what a screen reader reads stay where they are.
function become(node, wanted)
{
	for (const {name} of [...node.attributes])
		if (!wanted.hasAttribute(name) && name !== 'style')
			node.removeAttribute(name);
	for (const {name, value} of wanted.attributes)
		if (node.getAttribute(name) !== value)
			node.setAttribute(name, value);
	node.onclick = wanted.onclick;
	fill(node, [...wanted.childNodes]);
}

function fill(node, children)
{
	children.forEach((child, i) => {
		const old = node.childNodes[i];

		if (!old)
			node.append(child);
		else if (old.nodeName !== child.nodeName)
			old.replaceWith(child);
		else if (old.nodeType === Node.TEXT_NODE)
			old.data !== child.data && (old.data = child.data);
		else
			become(old, child);
	});
	while (node.childNodes.length > children.length)
		node.lastChild.remove();
}

// columns: [title, cell of an item]
function table(label, columns, items, empty)
{
	if (!items.length)
		return el('p', {class: 'dim'}, empty);
	return el('table', {class: 'cards', 'aria-label': label},
		el('thead', {}, el('tr', {}, columns.map(([title]) =>
			el('th', {scope: 'col'}, title)))),
		el('tbody', {}, items.map(item => el('tr', {},
			columns.map(([title, cell]) => {
				const what = cell(item) ?? '';

				return el('td', {'data-label': title},
					what === '' ? null : el('div', {}, what));
			})))));
}

// pairs: [name, value]; those without a value are left out
const list = pairs => el('dl', {}, pairs
	.filter(([, value]) => value !== undefined && value !== null && value !== '')
	.map(([name, value]) => [el('dt', {}, name), el('dd', {}, value)]));

// ---- words

const number = n => Number(n).toLocaleString('en');
const now = () => state.head ?
	state.head.time + (performance.now() - state.head.came) / 1000 :
	Date.now() / 1000;

function duration(s)
{
	if (s < 10)
		return `${Math.max(0, s).toFixed(1)} s`;
	if (s < 120)
		return `${Math.round(s)} s`;
	if (s < 7200)
		return `${Math.round(s / 60)} min`;
	return s < 172800 ? `${Math.round(s / 3600)} h` :
		`${Math.round(s / 86400)} d`;
}

// What no instrument measures is not shown: 3.2723432758905195
const short = value => /^-?\d+\.\d{6,}$/.test(value) ?
	+Number(value).toPrecision(7) : value;
const heard = row => {
	const s = Math.max(0, Math.round(now() - row.heard));

	return !row.heard ? '–' : s < 10 ? `${s} s` : duration(s);
};
const clock = s => new Date(s * 1000).toLocaleString([], {
	dateStyle: 'short', timeStyle: 'medium'});
const kinds = {
	healthy: 'good', degraded: 'warn', down: 'bad',
	online: 'good', asleep: 'good', silent: 'bad', refused: 'bad',
	unknown: 'warn', leaving: 'dim',
	registered: 'good', updating: 'good', error: 'bad', warning: 'warn',
};
const word = text => el('span', {class: kinds[text] || 'dim'}, text);
const link = name => el('a', {href: '#/endpoint/' + encodeURIComponent(name)},
	name);
const servers = row => [...new Set((row.servers || []).map(s => s.state))]
	.join(', ');
const isWell = row => ['online', 'asleep'].includes(row.state) &&
	(row.servers || []).every(s =>
		['registered', 'updating'].includes(s.state));
const note = row => row.error || (row.period ?
	`every ${duration(row.period_asked)} asked, ${
		duration(row.period)} got` : '');
const rows = () => [...state.rows.values()];

// ---- the list of endpoints: any number of them, a screenful of elements

const endpoints = {
	feed: 'rows=1', sort: 'endpoint', down: false, text: '', which: 'all',
	columns: [
		['Endpoint', 'endpoint', r => r.endpoint],
		['State', 'state', r => r.state],
		['Bus', 'bus', r => r.bus || ''],
		['Heard', 'heard', r => r.heard || 0],
		['Servers', 'servers', servers],
		['Note', 'error', note],
	],
	open(view)
	{
		const search = el('input', {type: 'search', id: 'search',
			placeholder: 'Search', 'aria-label': 'Search endpoints'});
		const which = el('select', {id: 'which', 'aria-label': 'Which'},
			['all', 'not well', 'online', 'asleep', 'silent',
				'unknown', 'refused'].map(w => el('option', {
				selected: w === this.which || null}, w)));

		search.value = this.text;
		search.oninput = () => {
			this.text = search.value;
			this.update();
		};
		which.onchange = () => {
			this.which = which.value;
			this.update();
		};
		this.count = el('span', {class: 'dim', id: 'count',
			role: 'status'});
		this.header = el('div', {class: 'row head', role: 'row'});
		this.space = el('div', {class: 'space', role: 'rowgroup'});
		this.scroll = el('div', {class: 'scroll', tabindex: 0,
			role: 'group', 'aria-label': 'Rows of endpoints'},
		this.space);
		this.grid = el('div', {class: 'grid', role: 'table',
			'aria-label': 'Endpoints'},
		el('div', {role: 'rowgroup'}, this.header), this.scroll);
		this.scroll.onscroll = () => this.draw();
		onresize = () => this.scroll.isConnected && this.draw();
		view.replaceChildren(el('h2', {}, 'Endpoints'),
			el('div', {class: 'tools'}, search, which, this.count),
			this.grid);
		this.update();
	},
	update()
	{
		const text = this.text.toLowerCase();
		const key = this.columns.find(c => c[1] === this.sort)[2];
		const sign = this.down ? -1 : 1;

		this.found = rows().filter(r =>
			(this.which === 'all' || (this.which === 'not well' ?
				!isWell(r) : r.state === this.which)) &&
			(!text || `${r.endpoint} ${r.bus} ${r.error || ''}`
				.toLowerCase().includes(text)));
		this.found.sort((a, b) => {
			const x = key(a), y = key(b);

			return sign * (x < y ? -1 : x > y ? 1 :
				a.endpoint < b.endpoint ? -1 : 1);
		});
		this.count.textContent = `${number(this.found.length)} of ` +
			number(state.rows.size);
		fill(this.header, this.columns.map(([title, name]) => el('span', {
			role: 'columnheader', 'aria-sort': name !== this.sort ?
				'none' : this.down ? 'descending' : 'ascending'},
		el('button', {onclick: () => this.order(name)}, title +
			(name !== this.sort ? '' : this.down ? ' ↓' : ' ↑')))));
		this.draw();
	},
	order(name)
	{
		this.down = this.sort === name && !this.down;
		this.sort = name;
		this.update();
	},
	draw()
	{
		const height = matchMedia('(max-width: 700px)').matches ? 62 : 40;
		const first = Math.max(0, Math.floor(
			this.scroll.scrollTop / height) - 5);
		const last = Math.min(this.found.length, first + 10 +
			Math.ceil(this.scroll.clientHeight / height));
		const drawn = this.found.slice(first, last).map((r, i) => {
			const row = el('div', {class: 'row', role: 'row',
				'aria-rowindex': first + i + 2},
			[link(r.endpoint), word(r.state), r.bus || '', heard(r),
				servers(r), note(r)].map(cell =>
				el('span', {role: 'cell'}, cell)));

			row.style.top = `${(first + i) * height}px`;
			return row;
		});

		this.grid.setAttribute('aria-rowcount', this.found.length + 1);
		this.space.style.height = `${this.found.length * height}px`;
		this.space.replaceChildren(...this.keep(drawn));
	},
	// Rows that are there already stay, with the focus that is in them.
	keep(drawn)
	{
		const old = new Map([...this.space.children].map(row =>
			[row.firstChild.textContent, row]));

		return drawn.map(row => {
			const there = old.get(row.firstChild.textContent);

			if (!there)
				return row;
			there.style.top = row.style.top;
			become(there, row);
			return there;
		});
	},
};

// ---- one endpoint

const endpoint = {
	plots: new Map(),	// path: {hours, points}
	open(view, name)
	{
		this.name = name;
		this.feed = 'endpoint=' + encodeURIComponent(name);
		if (this.shown !== name)
			this.plots.clear();
		this.shown = name;
		state.one = null;
		view.replaceChildren(el('div', {}, el('p', {class: 'dim'},
			'asking')));
		this.timer = setInterval(() => this.plots.forEach((plot, path) =>
			this.ask(path, plot.hours)), 10000);
	},
	close()
	{
		clearInterval(this.timer);
	},
	update(view)
	{
		if (state.one)
			become(view.firstChild, el('div', {}, this.content()));
	},
	content()
	{
		const {endpoint: e, resources, error} = state.one;

		if (error || !e)
			return [el('h2', {}, this.name),
				el('p', {class: 'bad'}, error)];
		return [
			el('h2', {}, this.name, ' ', word(e.state)),
			list([['Bus', e.bus], ['Profile', e.profile],
				['Heard', e.age !== undefined ?
					duration(e.age) + ' ago' : undefined],
				['Error', e.error], ['Late', e.late],
				['Held writes', e.held],
				['Signal', e.rssi && e.rssi + ' dBm'],
				['Bootstrap', e.bootstrap && `${e.bootstrap.uri}: ${
					e.bootstrap.state}`],
				...Object.entries(e.counts || {}).map(([n, c]) =>
					[n, number(c)])]),
			el('h3', {}, 'Servers'), this.clients(e),
			this.tree(resources || [], e.observed || []),
		];
	},
	clients: e => table('Servers', [
		['Server', s => s.server], ['URI', s => s.uri],
		['State', s => word(s.state)],
		['Lifetime', s => duration(s.lifetime)],
		['Security', s => [s.security, s.cipher_suite].filter(Boolean)
			.join(', ')],
		['Answer', s => s.last_answer], ['Waiting', s => s.waiting],
		['Trouble', s => s.trouble],
	], e.servers || [], 'no servers'),
	tree(resources, observed)
	{
		const instances = Map.groupBy ?
			Map.groupBy(resources, this.instance) :
			resources.reduce((map, r) => map.set(this.instance(r),
				[...map.get(this.instance(r)) || [], r]),
			new Map());

		// What the device measures first, what all have alike last.
		return [...instances].sort((a, b) => this.rank(a[0]) -
			this.rank(b[0])).map(([path, of]) => [
			el('h3', {}, path), this.instance_table(path, of, observed),
		]);
	},
	instance: r => r.path.split('/').slice(0, 3).join('/'),
	rank: path => +path.split('/')[1] < 26,
	// IPSO objects say in 5701 in what they measure.
	measured: [5700, 5601, 5602, 5603, 5604, 5900],
	instance_table(path, of, observed)
	{
		const unit = (of.find(r => r.path === `${path}/5701`) || {}).value;

		of = of.map(r => ({...r, unit: r.unit || (this.measured.includes(
			+r.path.split('/')[3]) ? unit : undefined)}));
		return [of.filter(r => this.plots.has(r.path)).map(r =>
			this.plot(r)),
		table(`Resources of ${path}`, [
			['Path', r => r.path], ['Name', r => r.name],
			['Value', r => r.value === undefined ? '' :
				`${short(r.value)}${r.unit ? ' ' + r.unit : ''}`],
			['Quality', r => el('span', {class: r.quality === 'good' ?
				'dim' : 'warn'}, r.quality)],
			['Age', r => r.age === undefined ? '' : duration(r.age)],
			['Observers', r => this.observers(r.path, observed)],
			['Plot', r => this.button(r)],
		], of, 'nothing')];
	},
	observers: (path, observed) => observed.filter(o => o.paths.some(p =>
		p === '/' || path === p || path.startsWith(p + '/'))).map(o =>
		`${o.server}${o.pmin || o.pmax ? ` (${o.pmin || 0}–${
			o.pmax || '∞'} s)` : ''}`).join(', '),
	button(r)
	{
		const on = this.plots.has(r.path);

		return state.one.plots.includes(r.path) ? el('button', {'aria-expanded': String(on),
			'aria-label': `Plot of ${r.path}`, onclick: () => {
				if (on)
					this.plots.delete(r.path);
				else
					this.ask(r.path, 1);
				this.update($('view'));
			}}, on ? 'hide' : 'plot') : '';
	},
	async ask(path, hours)
	{
		this.plots.set(path, {...this.plots.get(path), hours});
		try {
			const answer = await get(`api/history?name=${
				encodeURIComponent(this.name)}&path=${path}&hours=${
				hours}`);

			if (this.plots.has(path))
				this.plots.set(path, {hours,
					...await answer.json()});
			this.update($('view'));
		} catch {
			// the feed tells that nobody answers
		}
	},
	plot(r)
	{
		const {hours, points} = this.plots.get(r.path);

		return el('section', {'aria-label': `Plot of ${r.path}`},
			el('div', {class: 'tools'}, el('strong', {}, r.path),
				[[1, 'hour'], [24, 'day']].map(([h, name]) =>
					el('button', {'aria-pressed': String(h === hours),
						onclick: () => this.ask(r.path, h)},
					h === hours ? `• ${name}` : name))),
			points && points.length > 1 ?
				this.line(r, points, hours) :
				el('p', {class: 'dim'}, 'no values yet'));
	},
	// points: [s since 1970, lowest, highest] of a time
	line(r, points, hours)
	{
		const end = now(), start = end - hours * 3600;
		const low = short(Math.min(...points.map(p => p[1])));
		const high = short(Math.max(...points.map(p => p[2])));
		const x = t => ((t - start) / (end - start) * 1000).toFixed(1);
		const y = v => (high > low ?
			190 - (v - low) / (high - low) * 180 : 100).toFixed(1);
		const unit = r.unit ? ' ' + r.unit : '';
		const text = `${r.path}, last ${hours === 1 ? 'hour' : 'day'}: ` +
			`${low}${unit} to ${high}${unit}`;

		return [el('svg', {class: 'plot', viewBox: '0 0 1000 200',
			preserveAspectRatio: 'none', role: 'img',
			'aria-label': text},
		el('line', {x1: 0, x2: 1000, y1: 100, y2: 100}),
		// There along what was highest, back along what was lowest.
		el('polygon', {points: [...points.map(p => [p[0], p[2]]),
			...points.map(p => [p[0], p[1]]).reverse()].map(
			([t, v]) => `${x(t)},${y(v)}`).join(' ')})),
		el('p', {class: 'scale'}, el('span', {}, clock(start)),
			el('span', {}, `${low} to ${high}${unit}`),
			el('span', {}, 'now'))];
	},
};

// ---- the others: what they show, made anew and compared

const simple = (title, content, feed = '') => ({
	feed,
	open(view)
	{
		view.replaceChildren(el('h2', {}, title), el('div'));
		this.update(view);
	},
	update: view => state.head && become(view.lastChild,
		el('div', {}, content())),
});

// What goes over one bus, for a minute from when it is opened.
const trace = {
	open(view, bus)
	{
		this.bus = bus;
		this.feed = 'trace=' + encodeURIComponent(bus);
		this.again();
		view.replaceChildren(el('h2', {}, `Bus ${bus}`), el('div'));
		this.update(view);
	},
	again()
	{
		state.frames = [];
		state.trace = {};
	},
	told()
	{
		const t = state.trace;

		return t.error || (t.done ? 'The minute is over.' :
			'Listening, for a minute.');
	},
	update(view)
	{
		const t = state.trace, over = t.error || t.done;

		become(view.lastChild, el('div', {},
			el('div', {class: 'tools'},
				el('p', {role: 'status', class: t.error ? 'bad' :
					'dim'}, this.told() + (t.left_out ?
					` ${number(t.left_out)} frames were ` +
					'left out.' : '')),
				over ? el('button', {onclick: () => {
					this.again();
					feed.abort();
					follow();
					this.update(view);
				}}, 'Again') : null),
			table(`Frames of ${this.bus}`, [
				['Time', f => el('span', {class: 'whole'},
					new Date(f.time * 1000).toISOString()
						.slice(11, 23))],
				['Way', f => el('span', {class: 'whole'},
					f.sent ? 'sent' : 'received')],
				['Bytes', f => el('code', {}, f.bytes)],
				['Meaning', f => f.words],
			], state.frames.slice().reverse(), 'nothing yet')));
	},
};

// Per minute, from this status and the one before.
function rate(bus, name)
{
	const old = state.before && state.before.buses.find(b =>
		b.bus === bus.bus);
	const s = state.before && state.head.uptime - state.before.uptime;

	return old && s > 0 && old.counts[name] !== undefined ?
		(bus.counts[name] - old.counts[name]) / s * 60 : 0;
}

function load(bus)
{
	const percent = Math.round(bus.load ?? rate(bus, 'busy_us') / 6e5);

	return [el('meter', {min: 0, max: 100, high: 80, value: percent,
		'aria-label': `Load of ${bus.bus}`}), ` ${percent} %`];
}

// Of its devices the one that falls behind the most.
function behind(bus)
{
	const [worst] = rows().filter(r => r.bus === bus.bus && r.period)
		.sort((a, b) => b.period / b.period_asked -
			a.period / a.period_asked);

	return worst ? [link(worst.endpoint), `: every ${duration(
		worst.period_asked)} asked, ${duration(worst.period)} got`] :
		'all in time';
}

const views = {
	endpoints, endpoint, trace,
	servers: simple('Servers', () => table('Servers', [
		['Id', s => s.server], ['URI', s => s.uri],
		['Security', s => s.security],
		['Registered', s => el('span', {class: s.registered < s.endpoints ?
			'warn' : 'good'}, `${number(s.registered)} of ${
			number(s.endpoints)}`)],
		['In line', s => s.queued || ''], ['Trouble', s => s.trouble],
		['Next try', s => s.next_try_time && clock(s.next_try_time)],
	], state.head.servers, 'no servers are configured')),
	buses: simple('Buses', () => table('Buses', [
		['Bus', b => b.bus], ['Adapter', b => b.adapter],
		['State', b => el('span', {class: b.open ? 'good' : 'bad'},
			b.open ? 'open' : b.error)],
		['Load', load], ['Polls', behind],
		['Counts', b => Object.entries(b.counts)
			.filter(([name]) => name !== 'busy_us')
			.map(([name, n]) => el('div', {}, `${name} ${number(n)}`,
				rate(b, name) ? el('span', {class: 'dim'},
					` ${rate(b, name).toFixed(0)}/min`) : null))],
		['Trace', b => el('a', {href: '#/trace/' +
			encodeURIComponent(b.bus), 'aria-label':
			`Trace of ${b.bus}`}, 'what goes over it')],
	], state.head.buses, 'no buses are configured'), 'rows=1'),
	sleepers: simple('Sleepers', () => table('Sleepers', [
		['Endpoint', r => link(r.endpoint)],
		['State', r => word(r.state)], ['Heard', heard],
		['Battery', r => r.battery === undefined ? '' :
			`${r.battery} %`],
		['Signal', r => r.rssi ? `${r.rssi} dBm` : ''],
		['Held writes', r => r.held], ['Servers', servers],
	], rows().filter(r => r.sleeper), 'no endpoint sleeps'), 'rows=1'),
	store: simple('What waits', () => {
		const s = state.head.store;

		return [list([['Values that wait', number(s.waiting)],
			['In memory', `${number(s.memory)} bytes`],
			['On disk', `${number(s.disk)} bytes`],
			['Room for', s.hours_left && `${s.hours_left} h more`],
			['Delivered late', number(s.delivered)],
			['Superseded', number(s.superseded)],
			['Dropped', number(s.dropped)],
			['Refused', number(s.refused)]]),
		table('Endpoints with values that wait', [
			['Endpoint', r => link(r.endpoint)],
			['Values', r => (r.servers || []).filter(x => x.waiting)
				.map(x => `${number(x.waiting)} for server ${
					x.server}`).join(', ')],
			['Held writes', r => r.held],
		], rows().filter(r => r.held || (r.servers || []).some(x =>
			x.waiting)), 'nothing waits')];
	}, 'rows=1'),
	findings: simple('Findings of the configuration', () =>
		state.head.findings.length ? el('ul', {},
			state.head.findings.map(f => el('li', {}, f))) :
			el('p', {class: 'dim'},
				'The configuration in force has no mistake.')),
	events: simple('Events', () => table('Events', [
		['Time', e => clock(e.time)],
		['Level', e => word(e.level)],
		['About', e => e.endpoint ? link(e.endpoint) : e.bus || ''],
		['What', e => e.text],
	], state.events.slice().reverse(), 'nothing has happened')),
	found: simple('Seen, and not configured', () => [
		el('p', {class: 'dim'}, 'What the last scans have found. ' +
			'"lwmuxctl scan BUS" looks again.'),
		(state.head.found || []).map(found),
		(state.head.found || []).length ? null :
			el('p', {class: 'dim'}, 'nothing yet')]),
};

// As lwmuxctl scan --adopt writes it.
function found(f)
{
	const id = (f.keys.match(/: *"?([^",]*)/) || ['', 'new'])[1]
		.replace(/[^A-Za-z0-9_]+/g, '-');
	const yaml = `devices:\n  - {endpoint: ${f.bus}-${id}, bus: ${f.bus}, ${
		f.keys}${f.profile ? `, profile: ${f.profile}` : ''}}\n`;

	return el('section', {'aria-label': `${f.bus}: ${f.keys}`},
		el('h3', {}, `${f.bus}: ${f.keys}`),
		list([['Profile', f.profile], ['Value', f.value],
			['Signal', f.rssi && `${f.rssi} dBm`], ['Note', f.note],
			['Seen', f.age !== undefined ?
				`${duration(f.age)} ago` : undefined]]),
		el('pre', {}, yaml),
		el('button', {'aria-label': `Copy YAML of ${f.bus} ${f.keys}`,
			onclick: event => copy(yaml, event.target)}, 'Copy YAML'));
}

// Where there is no clipboard (plain http beyond loopback), it is selected.
async function copy(text, button)
{
	try {
		await navigator.clipboard.writeText(text);
		button.textContent = 'Copied';
		setTimeout(() => button.textContent = 'Copy YAML', 2000);
	} catch {
		getSelection().selectAllChildren(button.previousSibling);
	}
}

// ---- the verdict

function verdict()
{
	const h = state.head;

	document.title = `${h.gateway}: ${h.health}`;
	$('name').textContent = h.gateway;
	$('verdict').className = kinds[h.health];
	if ($('health').textContent !== h.health)
		$('health').textContent = h.health;
	$('facts').textContent = `${h.version || 'lwmux'}, up ${
		duration(h.uptime)}${h.clock ? ', clock ' + h.clock : ''}`;
	fill($('reasons'), h.reasons.map(r => el('li', {}, r)));
}

// ---- the feed

const get = (path, options = {}) => fetch(path, {...options,
	headers: state.token ? {Authorization: `Bearer ${state.token}`} : {}});

let view = null, feed = null;

const take = {
	head(data)
	{
		state.before = state.head;
		state.head = {...data, came: performance.now()};
		verdict();
	},
	rows(data)
	{
		if (data.all)
			state.rows.clear();
		data.rows.forEach(r => state.rows.set(r.endpoint, r));
	},
	gone: data => data.gone.forEach(name => state.rows.delete(name)),
	log(data)
	{
		const last = state.events.length ? state.events.at(-1).id : 0;

		// Numbers begin anew with the gateway.
		if (data.events[0].id <= last && data.events.at(-1).id < last)
			state.events = [];
		state.events = [...state.events, ...data.events.filter(e =>
			!state.events.length ||
			e.id > state.events.at(-1).id)].slice(-500);
	},
	endpoint: data => state.one = data,
	trace(data)
	{
		const left = (state.trace.left_out || 0) + (data.left_out || 0) +
			data.frames.reduce((n, f) => n + (f.left_out || 0), 0);

		state.trace = {...data, frames: null, left_out: left};
		state.frames = [...state.frames, ...data.frames].slice(-500);
	},
};

function took(text)
{
	const [, name, data] = text.match(/^event: (\w+)\ndata: (.*)$/) || [];

	if (name && take[name])
		take[name](JSON.parse(data));
}

async function read(body)
{
	const reader = body.pipeThrough(new TextDecoderStream()).getReader();

	for (let text = ''; ;) {
		const {value, done} = await reader.read();

		if (done)
			return;
		const pieces = (text + value).split('\n\n');

		text = pieces.pop();
		pieces.forEach(took);
		if (pieces.length)
			view.update($('view'));
	}
}

async function follow()
{
	const mine = feed = new AbortController();
	let why = 'the gateway has closed the connection';

	try {
		const answer = await get('api/feed?' + view.feed,
			{signal: mine.signal});

		if (answer.status === 401)
			return login();
		if (!answer.ok)
			throw new Error(await answer.text());
		$('link').hidden = true;
		await read(answer.body);
	} catch (error) {
		why = error.message;
	}
	if (mine.signal.aborted)
		return;
	$('link').textContent = `No connection: ${why}. Trying again.`;
	$('link').hidden = false;
	setTimeout(() => feed === mine && follow(), 2000);
}

function login()
{
	$('login').hidden = false;
	$('token').focus();
	$('login').onsubmit = event => {
		event.preventDefault();
		state.token = $('token').value;
		sessionStorage.setItem('token', state.token);
		$('login').hidden = true;
		follow();
	};
}

function route()
{
	const [name, argument] = location.hash.slice(2).split('/');
	const next = views[name] || endpoints;
	const first = !view;

	if (view && view.close)
		view.close();
	view = next;
	document.querySelectorAll('nav a').forEach(a =>
		a.hash === `#/${name || 'endpoints'}` ?
			a.setAttribute('aria-current', 'page') :
			a.removeAttribute('aria-current'));
	document.querySelector('nav [aria-current]')?.scrollIntoView({
		block: 'nearest', inline: 'center'});
	view.open($('view'), decodeURIComponent(argument || ''));
	if (!first)
		$('view').focus({preventScroll: true});
	if (feed)
		feed.abort();
	follow();
}

addEventListener('hashchange', route);
route();
