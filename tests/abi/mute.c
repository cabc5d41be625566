/* SPDX-License-Identifier: GPL-2.0-or-later
 * A shared object that is no adapter. */
extern const int lwmux_something;
__attribute__((visibility("default"))) const int lwmux_something = 1;
