/* SPDX-License-Identifier: GPL-2.0-or-later
 * All profiles there are, one after the other: for searches, which look for
 * what no device names yet. Agent thread; reads files (config_load.c). */
#ifndef AGENT_PROFILES_H
#define AGENT_PROFILES_H
#include "agent/config/config.h"

struct profile_files;
/* Of DIR/profiles, which shadow those of profile_dir (may be NULL). */
struct profile_files *profile_files_open(const char *dir,
					 const char *profile_dir);
/* The next one that is not broken, and its name; NULL behind the last. Nodes
 * and name live until the close. */
const struct yaml_node *profile_files_next(struct profile_files *files,
					   const char **name);
void profile_files_close(struct profile_files *files);
#endif
