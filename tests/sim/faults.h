/* SPDX-License-Identifier: GPL-2.0-or-later
 * What goes wrong at the site, drawn from the seed. */
#ifndef SIM_FAULTS_H
#define SIM_FAULTS_H
#include <stdint.h>

/* Until then; kinds: a mask. */
void faults_plan(int64_t until, uint64_t kinds);
/* The gateway has ended: when it starts again. */
int64_t faults_restart_at(void);
#endif
