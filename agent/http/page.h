/* SPDX-License-Identifier: GPL-2.0-or-later
 * The files of page/, made into a source by the build. */
#ifndef AGENT_PAGE_H
#define AGENT_PAGE_H
#include <stddef.h>

extern const unsigned char page_html[], page_css[], page_js[];
extern const size_t page_html_size, page_css_size, page_js_size;
#endif
