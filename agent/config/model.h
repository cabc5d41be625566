/* SPDX-License-Identifier: GPL-2.0-or-later
 * All object definitions that the agent knows. */
#ifndef AGENT_MODEL_H
#define AGENT_MODEL_H
#include "objects/def.h"

/* The core objects, then IPSO's. Const, never NULL. */
const struct object_model *agent_model(void);
#endif
