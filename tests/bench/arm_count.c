/* SPDX-License-Identifier: GPL-2.0-or-later
 * A plug-in of qemu-arm that counts the instructions of a program, threads and
 * all, and writes the sum to a file when it ends; tests/bench/arm loads it.
 *
 * Debian packages no qemu-plugin.h: what is needed of QEMU's plug-in interface
 * (its version 1, docs/devel/tcg-plugins) is declared here. */
#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define THREADS 64
#define PUBLIC __attribute__((visibility("default")))

typedef uint64_t plugin_id;
struct qemu_plugin_tb;
typedef void block_translated(plugin_id, struct qemu_plugin_tb *);
typedef void block_runs(unsigned int thread, void *instructions);
typedef void program_ends(plugin_id, void *);

void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id id, block_translated *to);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *block,
					  block_runs *to, int registers,
					  void *data);
void qemu_plugin_register_atexit_cb(plugin_id id, program_ends *to, void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
extern int qemu_plugin_version;
int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv);

PUBLIC int qemu_plugin_version = 1;

/* Each thread has one of its own: nobody waits, none is lost. */
static uint64_t counts[THREADS];
static char path[256];

static void on_run(unsigned int thread, void *instructions)
{
	counts[thread % THREADS] += (uintptr_t)instructions;
}

static void on_translated(plugin_id id, struct qemu_plugin_tb *block)
{
	(void)id;
	qemu_plugin_register_vcpu_tb_exec_cb(
		block, on_run, 0, (void *)qemu_plugin_tb_n_insns(block));
}

static void on_end(plugin_id id, void *data)
{
	FILE *to = fopen(path, "w");
	uint64_t all = 0;

	(void)id;
	(void)data;
	for (int i = 0; i < THREADS; i++)
		all += counts[i];
	if (!to || fprintf(to, "%" PRIu64 "\n", all) < 0 || fclose(to))
		perror(path);
}

/* -plugin .../arm_count.so,to=FILE */
PUBLIC int qemu_plugin_install(plugin_id id, const void *info, int argc,
			       char **argv)
{
	(void)info;
	if (argc != 1 || strncmp(argv[0], "to=", 3) ||
	    strlen(argv[0] + 3) >= sizeof(path))
		return 1;
	strcpy(path, argv[0] + 3);
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translated);
	qemu_plugin_register_atexit_cb(id, on_end, NULL);
	return 0;
}
