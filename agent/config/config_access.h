/* SPDX-License-Identifier: GPL-2.0-or-later
 * What the configuration lets servers do. Pure. */
#ifndef AGENT_CONFIG_ACCESS_H
#define AGENT_CONFIG_ACCESS_H
#include "agent/config/config_build.h"

/* A word or a list of words to rights (of enum access_right). false: they are
 * none, which was said. */
bool config_access_read(const struct yaml_node *value, uint8_t *rights,
			struct config_scope *scope);
/* A device's: for all servers, or by their ids. */
void config_access_set(const struct config_builder *b,
		       struct config_device *device,
		       const struct yaml_node *value,
		       struct config_scope *scope);
/* What the server may do with the device: the device's word before the
 * server's. Of enum access_right. */
uint8_t config_access_of(const struct config_device *device,
			 const struct config_server *server);
#endif
