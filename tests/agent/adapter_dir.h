/* SPDX-License-Identifier: GPL-2.0-or-later
 * Where the plug-ins of tests/abi lie: beside the test in the build tree. */
#ifndef TESTS_AGENT_ADAPTER_DIR_H
#define TESTS_AGENT_ADAPTER_DIR_H
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static inline void adapter_dir(char *text, size_t size)
{
	char self[2048] = "";
	char *slash;

	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		self[0] = '\0';
	for (int i = 0; i < 2; i++)
		if ((slash = strrchr(self, '/')))
			*slash = '\0';
	snprintf(text, size, "%s/abi/adapters", self);
}
#endif
