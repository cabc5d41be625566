/* SPDX-License-Identifier: GPL-2.0-or-later
 * The shortest decimal of a number, by whole numbers alone. */
#ifndef OBJECTS_DECIMAL_H
#define OBJECTS_DECIMAL_H
#include <stddef.h>

#define DECIMAL_MAX 24			/* "-0.00012345678901234567" */

/* Writes the fewest digits, of at least 15, that strtod() reads as `number`,
 * without the zeros at their end and without an exponent; returns their length
 * (no 0 byte is behind them). 0: the number is none of 1e-4 up to 1e15, of
 * either sign, nor +0. */
size_t decimal_write(double number, char text[DECIMAL_MAX]);
#endif
