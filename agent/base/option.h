/* SPDX-License-Identifier: GPL-2.0-or-later
 * What is wrong with a command line, in place of getopt's own words. Pure. */
#ifndef AGENT_OPTION_H
#define AGENT_OPTION_H

#define OPTION_TEXT_MAX 240

/* Why getopt_long() (with a ':' in front of its letters) has just returned code,
 * '?' or ':', at word, with optopt: "unknown option '--jsn'; did you mean
 * '--json'?". names: those there are, NULL last. */
void option_trouble(const char *const names[], const char *word, int optopt_,
		    int code, char text[OPTION_TEXT_MAX]);
#endif
