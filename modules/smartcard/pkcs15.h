/* SPDX-License-Identifier: GPL-2.0-or-later
 * Where on a smart card the accounts of LwM2M are (Core TS Appendix G; PKCS #15
 * v1.1, 6.2 and 6.8): the object directory names directories of data objects,
 * one of which names the file. Pure; BER with definite lengths. */
#ifndef MODULES_SMARTCARD_PKCS15_H
#define MODULES_SMARTCARD_PKCS15_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PKCS15_PATH_MAX 16

struct pkcs15_path {
	uint8_t at[PKCS15_PATH_MAX];	/* ids of two bytes, from 3F00 where it
					 * is absolute */
	size_t n;			/* even, not 0 */
};

/* The next directory of data objects in EF(ODF), from *at on, which begins as 0
 * and is where it goes on. false: there is none, or what stands there is no
 * BER; a path that is none is passed over. */
bool pkcs15_directory_next(const uint8_t *odf, size_t n, size_t *at,
			   struct pkcs15_path *path);
/* The file of LwM2M in EF(DODF), by its object identifier 2.23.43.9.1: of an
 * opaque data object, as G.3.2 has it, or of one with an identifier. false:
 * none is there. */
bool pkcs15_bootstrap_find(const uint8_t *dodf, size_t n,
			   struct pkcs15_path *path);
/* The reference of the PIN that a file or application is protected by, from what
 * SELECT has answered (ETSI TS 102 221 11.1.1.4.10); 1 where it does not say. */
uint8_t pkcs15_pin_reference(const uint8_t *fcp, size_t n);
#endif
