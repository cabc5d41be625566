/* SPDX-License-Identifier: GPL-2.0-or-later
 * Many endpoints at a glance: how many are how, and which are not well. */
#ifndef AGENT_CTL_SUMMARY_H
#define AGENT_CTL_SUMMARY_H
#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>

/* "1,000 endpoints: 993 online, 5 asleep, 2 silent", and how many of those that
 * are there lack a server. */
void ctl_summary(struct json_object *status, FILE *to);
/* Takes the endpoints out whose name does not match, as of the shell. false: none
 * does. */
bool ctl_keep_matching(struct json_object *status, const char *pattern);
/* Takes the endpoints and buses out that are as they should be. */
void ctl_keep_not_well(struct json_object *status);
#endif
