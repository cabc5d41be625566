/* SPDX-License-Identifier: GPL-2.0-or-later
 * Where on a smart card the accounts of LwM2M are (Core TS Appendix G; PKCS #15
 * v1.1, 6.2, 6.8 and 7.2): where the application is not found by its identifier, the
 * card's EF(DIR) names it; in it the object directory names directories of data objects,
 * one of which names the file. Pure; BER with definite lengths. */
#ifndef MODULES_SMARTCARD_PKCS15_H
#define MODULES_SMARTCARD_PKCS15_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PKCS15_PATH_MAX 16
#define PKCS15_AID_MAX 16

struct pkcs15_path {
	uint8_t at[PKCS15_PATH_MAX];	/* ids of two bytes, from 3F00 where it
					 * is absolute */
	size_t n;			/* even, not 0 */
};

/* As EF(DIR) has it. */
struct pkcs15_application {
	uint8_t aid[PKCS15_AID_MAX];
	size_t n_aid;			/* 12 at least */
	struct pkcs15_path path;	/* its n is 0 where none is named */
};

/* The application identifier of PKCS #15 (v1.1, 7.2). */
extern const uint8_t pkcs15_aid[12];
/* The application of PKCS #15 in EF(DIR), or in a record of it (ISO 7816-4 8.2.1):
 * the first whose identifier begins so. false: none is there. */
bool pkcs15_application_find(const uint8_t *dir, size_t n,
			     struct pkcs15_application *found);
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
