/* SPDX-License-Identifier: GPL-2.0-or-later
 * A line of JSON at the control socket, of root (first byte even) or of another,
 * in a gateway with an endpoint of its own and no bus: whatever it is, there is
 * one answer, which is a line of JSON, or somebody waits for one. */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "agent/base/log.h"
#include "agent/base/monotonic.h"
#include "agent/client/client.h"
#include "agent/coap/coap.h"
#include "agent/control/dispatch.h"
#include "agent/control/events.h"
#include "agent/gateway/gateway.h"
#include "agent/gateway/loop.h"
#include "tests/agent/control/fake_peer.h"

#define EXPECT(fact) ((fact) ? (void)0 : abort())

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct gateway gateway;

static void heard(struct control_peer *peer, const char *line)
{
	size_t n = strlen(line);
	struct json_object *json;

	EXPECT(!peer->ended && n && line[n - 1] == '\n');
	EXPECT(!memchr(line, '\n', n - 1));
	json = json_tokener_parse(line);
	EXPECT(json);
	json_object_put(json);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static char directory[] = "/tmp/lwmux-fuzz-XXXXXX";
	char path[64], command[64];
	struct config_errors errors;
	struct config *config;
	FILE *file;

	(void)argc;
	(void)argv;
	log_open(LOG_ERROR);
	EXPECT(mkdtemp(directory) && coap_start(&client_handlers) == 0);
	snprintf(path, sizeof(path), "%s/lwmux.yaml", directory);
	file = fopen(path, "w");
	EXPECT(file);
	fputs("gateway: {name: g, endpoint: gw}\n"
	      "servers: [{id: 1, uri: \"coap://127.0.0.1:9\"}]\n", file);
	fclose(file);
	gateway = (struct gateway){.services = {.dirs = {
		.config = directory, .profiles = directory,
		.adapters = directory}, .dry = true}};
	gateway_init(&gateway);
	config_errors_init(&errors);
	config = config_load(&gateway.services.dirs, &errors);
	EXPECT(gateway_reload(&gateway, config, &errors, monotonic_read()));
	events_start();
	loop_open(&gateway);		/* which never runs: no reload ends */
	snprintf(command, sizeof(command), "rm -r %s", directory);
	EXPECT(system(command) == 0);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct control_peer peer = {.root = size && !(*data & 1)};
	char *text = size ? strndup((const char *)data + 1, size - 1) : NULL;

	if (!text)
		return 0;
	control_dispatch(&gateway, &peer, text);
	EXPECT(peer.ended ? peer.n_lines == 1 : peer.ops != NULL);
	if (peer.ops)
		peer.ops->hung_up(peer.owner);
	free(text);
	return 0;
}
