/* SPDX-License-Identifier: GPL-2.0-or-later
 * People and scripts at the control socket, drawn from the seed: those who ask
 * and read the answer, which the judge compares with what it knows by itself;
 * and those who say nothing, half of it or rubbish, who do not read, who go. */
#ifndef SIM_ASKER_H
#define SIM_ASKER_H

/* Their bit among those of the kinds of faults. */
#define ASKERS_BIT 32

/* Bytes of an answer: the status of a site. */
#define ANSWER_MOST (512 * 1024)

void askers_begin(void);
#endif
