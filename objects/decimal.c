/* SPDX-License-Identifier: GPL-2.0-or-later
 * printf() goes about this with numbers of any length, and to know whether its
 * digits suffice they have to be read again: 14,000 instructions for a value of
 * 17 digits, a third of what telling it costs. Of the magnitudes that sensors
 * have all is exact in 128 bits, and whether digits suffice can be seen from what
 * rounding has taken off. */
#include "objects/decimal.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define DIGITS_LEAST 15		/* any so many read as a number of their own */
#define DIGITS_MOST 17		/* and no two numbers have the same of these */
#define EXPONENT_LEAST (-4)
#define SCALE_MOST (DIGITS_MOST - 1 - EXPONENT_LEAST)
#define MANTISSA_LEAST (UINT64_C(1) << 52)
#define EXPONENT_BIAS 1075	/* IEEE 754: of a mantissa that is whole */

static const uint64_t fives[SCALE_MOST + 1] = {
	1, 5, 25, 125, 625, 3125, 15625, 78125, 390625, 1953125, 9765625,
	48828125, 244140625, 1220703125, 6103515625, 30517578125, 152587890625,
	762939453125, 3814697265625, 19073486328125, 95367431640625,
};

/* mantissa * 2^exponent, with the mantissa's first bit set. */
struct binary {
	uint64_t mantissa;
	int exponent;
};

struct wide {
	uint64_t high, low;
};

static struct wide wide_multiply(uint64_t a, uint64_t b)
{
	uint64_t a0 = (uint32_t)a, a1 = a >> 32, b0 = (uint32_t)b, b1 = b >> 32;
	uint64_t low = a0 * b0;
	uint64_t middle = a1 * b0 + (low >> 32);
	uint64_t other = a0 * b1 + (uint32_t)middle;

	return (struct wide){a1 * b1 + (middle >> 32) + (other >> 32),
			     other << 32 | (uint32_t)low};
}

static struct binary binary_of(double number)
{
	uint64_t bits;

	memcpy(&bits, &number, sizeof(bits));
	return (struct binary){
		(bits & (MANTISSA_LEAST - 1)) | MANTISSA_LEAST,
		(int)(bits >> 52) - EXPONENT_BIAS};
}

/* number * 10^scale = mantissa * 5^scale / 2^shift, rounded as printf() does it:
 * of two that are as near, to the even one. true: it is read as the number again,
 * being nearer to it than half the way to the next one; just half the way it never
 * is, as powers of five are odd. (Below a power of two that is a quarter, which is
 * the same for each of those that come here.) */
static bool digits_round(struct binary b, int scale, uint64_t *digits)
{
	struct wide exact = wide_multiply(b.mantissa, fives[scale]);
	int shift = -b.exponent - scale;	/* 1 to 46 */
	uint64_t one = UINT64_C(1) << shift;
	uint64_t rest = exact.low & (one - 1);
	bool up;

	*digits = exact.high << (64 - shift) | exact.low >> shift;
	up = rest > one / 2 || (rest == one / 2 && (*digits & 1));
	*digits += up;
	return (up ? one - rest : rest) <= fives[scale] / 2;
}

/* n digits, with zeros before. */
static void digits_put(uint32_t digits, char *text, int n)
{
	while (n--) {
		text[n] = (char)('0' + digits % 10);
		digits /= 10;
	}
}

/* digits / 10^scale. */
static size_t digits_format(uint64_t digits, int scale, char *to)
{
	enum { ROOM = 27, PART = 9, PART_END = 1000000000 };
	char all[ROOM];
	int whole = ROOM - scale, first = PART, last = ROOM;
	size_t n;

	memset(all, '0', PART);
	digits_put((uint32_t)(digits / PART_END), all + PART, PART);
	digits_put((uint32_t)(digits % PART_END), all + 2 * PART, PART);
	if (first >= whole)
		first = whole - 1;
	while (first < whole - 1 && all[first] == '0')
		first++;
	while (last > whole && all[last - 1] == '0')
		last--;
	n = (size_t)(whole - first);
	memcpy(to, all + first, n);
	if (last == whole)
		return n;
	to[n++] = '.';
	memcpy(to + n, all + whole, (size_t)(last - whole));
	return n + (size_t)(last - whole);
}

/* What sensors say has few decimals. A whole number divided by a power of ten is
 * rounded as reading its decimals is, and of 15 digits no two are the same
 * number: where it comes out as `magnitude` these are the shortest ones. 0: not
 * that simple. */
static size_t few_write(double magnitude, char *to)
{
	static const double tens[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6};
	enum { FEW = sizeof(tens) / sizeof(*tens) };
	char all[DECIMAL_MAX], *at = all + sizeof(all);
	int decimals = 0, n = 0;
	uint64_t whole;

	do {
		if (decimals == FEW || !(magnitude * tens[decimals] < 1e15))
			return 0;
		whole = (uint64_t)(magnitude * tens[decimals] + 0.5);
	} while ((double)whole / tens[decimals++] != magnitude);
	for (decimals--; whole || n <= decimals; whole /= 10) {
		if (decimals && n == decimals)
			*--at = '.';
		*--at = (char)('0' + whole % 10);
		n++;
	}
	memcpy(to, at, (size_t)(all + sizeof(all) - at));
	return (size_t)(all + sizeof(all) - at);
}

/* Of its first digit; the doubles of the table are not less than what they stand
 * for, so that no double lies between. */
static int exponent_of(double magnitude)
{
	static const double tens[] = {
		1e-3, 1e-2, 1e-1, 1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8,
		1e9, 1e10, 1e11, 1e12, 1e13, 1e14,
	};
	int n = 0;

	while (n < (int)(sizeof(tens) / sizeof(*tens)) && magnitude >= tens[n])
		n++;
	return n + EXPONENT_LEAST;
}

static size_t many_write(double magnitude, char *to)
{
	int scale = DIGITS_LEAST - 1 - exponent_of(magnitude);
	struct binary b = binary_of(magnitude);
	uint64_t digits = 0;

	while (!digits_round(b, scale, &digits))
		scale++;
	return digits_format(digits, scale, to);
}

size_t decimal_write(double number, char text[DECIMAL_MAX])
{
	double magnitude = fabs(number);
	size_t sign = number < 0, n;

	if (!(magnitude >= 1e-4 && magnitude < 1e15) &&
	    (magnitude != 0 || signbit(number)))
		return 0;
	*text = '-';
	n = few_write(magnitude, text + sign);
	if (!n)
		n = many_write(magnitude, text + sign);
	return sign + n;
}
