/* SPDX-License-Identifier: GPL-2.0-or-later
 * The strict subset of YAML: what is read, where it stood, and what is refused
 * in which words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "tests/agent/config/config_case.h"

static const struct yaml_node *parse(const char *text, size_t n,
				     struct arena *arena,
				     struct config_errors *errors)
{
	config_errors_init(errors);
	return yaml_parse("f.yaml", text, n, arena, errors);
}

static void kinds_and_places(void **state)
{
	static const char text[] =
		"# comment\n"
		"a: 8E1\n"
		"list:\n"
		"  - \xc3\xa4: no\n"		/* one column, two bytes */
		"  - [1, 'x: y']\n"
		"empty:\n";
	struct arena *arena = arena_create();
	struct config_errors errors;
	const struct yaml_node *root = parse(text, sizeof(text) - 1, arena,
					     &errors);
	const struct yaml_node *list;

	(void)state;
	assert_non_null(root);
	assert_int_equal(root->kind, YAML_MAP);
	assert_int_equal(root->n, 3);
	assert_string_equal(yaml_get(root, "a")->text, "8E1");
	assert_int_equal(yaml_get(root, "a")->place.line, 2);
	assert_int_equal(yaml_get(root, "a")->place.column, 4);
	assert_string_equal(yaml_get(root, "a")->place.file, "f.yaml");
	list = yaml_get(root, "list");
	assert_int_equal(list->kind, YAML_LIST);
	assert_int_equal(list->n, 2);
	assert_string_equal(list->items[0]->keys[0], "\xc3\xa4");
	assert_string_equal(list->items[0]->items[0]->text, "no");
	assert_int_equal(list->items[0]->items[0]->place.column, 8);
	assert_string_equal(list->items[1]->items[1]->text, "x: y");
	assert_string_equal(yaml_get(root, "empty")->text, "");
	assert_null(yaml_get(root, "none"));
	assert_int_equal(errors.n, 0);
	arena_destroy(arena);
}

static void byte_order_mark_is_skipped(void **state)
{
	static const char text[] = "\xef\xbb\xbf" "a: 1\nb: 2\nc: 3\n";
	struct arena *arena = arena_create();
	struct config_errors errors;
	const struct yaml_node *root = parse(text, sizeof(text) - 1, arena,
					     &errors);

	(void)state;
	assert_int_equal(errors.n, 0);
	assert_non_null(root);
	assert_int_equal(root->n, 3);
	assert_string_equal(root->keys[0], "a");
	assert_int_equal(root->key_places[0].column, 1);
	assert_string_equal(yaml_get(root, "c")->text, "3");
	root = parse(text, 3, arena, &errors);
	assert_int_equal(errors.n, 0);
	assert_int_equal(root->kind, YAML_MAP);
	/* Half of one is no text. */
	assert_null(parse(text, 2, arena, &errors));
	assert_int_equal(errors.n, 1);
	config_errors_finish(&errors);
	arena_destroy(arena);
}

static void nothing_is_an_empty_map(void **state)
{
	static const char *const texts[] = {"", "\n", "# only\n", "---\n"};
	struct config_errors errors;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct arena *arena = arena_create();
		const struct yaml_node *root =
			parse(texts[i], strlen(texts[i]), arena, &errors);

		assert_non_null(root);
		assert_int_equal(root->kind, YAML_MAP);
		assert_int_equal(root->n, 0);
		arena_destroy(arena);
	}
}

static void refused(const char *text, size_t n, const char *expected)
{
	struct arena *arena = arena_create();
	struct config_errors errors;
	char *found;

	assert_null(parse(text, n, arena, &errors));
	found = findings_text(&errors);
	assert_string_equal(found, expected);
	free(found);
	config_errors_finish(&errors);
	arena_destroy(arena);
}
#define REFUSED(text, expected) \
	refused(text, sizeof(text) - 1, "f.yaml:" expected "\n")

static void what_is_not_of_the_subset(void **state)
{
	(void)state;
	REFUSED("a: &x 1\n", "1:4: anchors (&x) are not supported: write it "
		"out, or quote a text that begins with &");
	REFUSED("a: *x\n", "1:4: aliases (*x) are not supported: write it "
		"out, or quote a text that begins with *");
	REFUSED("<<: *x\n", "1:5: aliases (*x) are not supported: write it "
		"out, or quote a text that begins with *");
	REFUSED("a: !b 1\n", "1:4: tags (!b) are not supported: the kind of a "
		"value follows from its key; quote a text that begins with !");
	REFUSED("a: !!map {}\n", "1:4: tags (tag:yaml.org,2002:map) are not "
		"supported: the kind of a value follows from its key; quote a "
		"text that begins with !");
	REFUSED("a: 1\nb: 2\na: 3\n",
		"3:1: the key 'a' stands here twice, first in line 1");
	REFUSED("a: 1\n---\nb: 2\n",
		"3:1: a second document (after ---): one file, one document");
	REFUSED("- a\n", "1:1: the file must be a map: 'key: value' lines");
	REFUSED("just text\n",
		"1:1: the file must be a map: 'key: value' lines");
	REFUSED("? [a]\n: b\n", "1:3: a key must be a plain text; a value with "
		"{ needs quotes");
}

static void all_at_once(void **state)
{
	(void)state;
	REFUSED("a: &x 1\nb: !t 2\n", "1:4: anchors (&x) are not supported: "
		"write it out, or quote a text that begins with &\n"
		"f.yaml:2:4: tags (!t) are not supported: the kind of a value "
		"follows from its key; quote a text that begins with !");
}

static void traps_inside_of_braces(void **state)
{
	(void)state;
	REFUSED("devices:\n  - {endpoint: m-${unit}, bus: sim}\n",
		"2:19: not valid YAML: while parsing a flow mapping that "
		"begins in line 2, did not find expected ',' or '}': inside "
		"{ } a text with ${...} needs quotes, as \"m-${unit}\"");
	REFUSED("servers: [{id: 1, uri: coap://[2001:db8::1]:5683}]\n",
		"1:31: not valid YAML: while parsing a flow mapping that "
		"begins in line 1, did not find expected ',' or '}': inside "
		"{ } an address in brackets needs quotes, as "
		"\"coap://[2001:db8::1]:5683\"");
}

static void syntax(void **state)
{
	(void)state;
	REFUSED("a: [1,\n  2\n", "3:1: not valid YAML: while parsing a flow "
		"sequence that begins in line 1, did not find expected ',' or "
		"']': a comma, the end of { } or [ ], or the quotes of a text "
		"are missing before it");
	REFUSED("a:\n\t- b\n", "2:1: not valid YAML: while scanning for the "
		"next token that begins in line 2, found character that cannot "
		"start any token: indent with blanks, not with tabs");
	REFUSED("a: b: c\n", "1:5: not valid YAML: mapping values are not "
		"allowed in this context: a text with ': ' in it needs quotes");
	REFUSED("\xff\xfe""a\0:\0", "1:1: is in UTF-16: save it as UTF-8");
}

/* One finding, which ends with the hint. */
static void hinted(const char *text, const char *hint)
{
	struct arena *arena = arena_create();
	struct config_errors errors;
	const char *found;

	assert_null(parse(text, strlen(text), arena, &errors));
	assert_int_equal(errors.n, 1);
	found = errors.first->text;
	assert_true(strlen(found) >= strlen(hint));
	assert_string_equal(found + strlen(found) - strlen(hint), hint);
	config_errors_finish(&errors);
	arena_destroy(arena);
}

static void what_stands_behind_a_syntax_error(void **state)
{
	static const struct { const char *text, *hint; } cases[] = {
		{"d:\n  - endpoint a\n    bus: sim\n",
		 ": in line 2 a colon is missing behind the key"},
		{"d:\n  - endpoint: a\n    bus sim\n    poll: 1s\n",
		 ": in line 3 a colon is missing behind the key"},
		{"d:\n  - endpoint:a\n    # its bus\n    bus: sim\n",
		 ": in line 2 a blank is missing after the colon"},
		{"d:\n  - endpoint: a\n   bus: sim\n",
		 ": the keys of one map begin in the same column: in line 2 "
		 "that is column 5"},
		{"d:\n  - endpoint: a\n      bus: sim\n",
		 ": the keys of one map begin in the same column: in line 2 "
		 "that is column 5"},
		{"d:\n  - endpoint: a\n    bus: sim\n  points:\n    - {a: b}\n",
		 ": the keys of one map begin in the same column: in line 3 "
		 "that is column 5"},
		{"b:\n    a: 1\n  c: 2\n",
		 ": the keys of one map begin in the same column: in line 2 "
		 "that is column 5"},
		{"d:\n  - endpoint: room 1: left\n    bus: sim\n",
		 ": a text with ': ' in it needs quotes"},
		{"a: %RH\n", ": a text that begins with %, @ or ` needs quotes"},
		{"a: @b\n", ": a text that begins with %, @ or ` needs quotes"},
		{"d:\n  - a:\u00a0b\n    c: d\n",
		 "there is a no-break space (U+00A0) in it, which is no blank: "
		 "write a usual one"},
		{"a: \"b\"\u00a0c\n",
		 ": a no-break space (U+00A0) is in line 1, which is no blank"},
		{"// a\nb:\n", ": a comment begins with #"},
		{"; a\nb:\n", ": a comment begins with #"},
		{"```yaml\na: b\n```\n",
		 ": ``` is Markdown's, and no part of the file"},
		{"<<<<<<< HEAD\na: b\n",
		 ": marks of a merge (<<<<<<<): keep one side of it"},
		{"a: b\n=======\na: c\n",
		 ": marks of a merge (=======): keep one side of it"},
		{"[devices]\nendpoint=a\n",
		 ": a file is one map, 'key: value' lines that begin in the "
		 "first column"},
		{"a: \"b\nc: d\n", ": the quote that ends it is missing"},
		{"a: {b: c d: e}\n", "or the quotes of a text are missing before "
		 "it"},
		{"a: {b: 'it's'}\n", "or the quotes of a text are missing before "
		 "it"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		hinted(cases[i].text, cases[i].hint);
}

static void bytes_that_are_no_text(void **state)
{
	(void)state;
	REFUSED("a: 1\nb: \xff\n",
		"2:4: not text in UTF-8: invalid leading UTF-8 octet");
	REFUSED("a: \"\xc3\xa4\xc3\"\n",
		"1:7: not text in UTF-8: invalid trailing UTF-8 octet");
	REFUSED("a: 1\nb\0: 2\n",
		"2:2: not text in UTF-8: control characters are not allowed");
	REFUSED("a: \"x\\0y\"\n", "1:4: a text with a NUL character");
}

static void quotes_of_word_processors(void **state)
{
	(void)state;
	REFUSED("a: \u201cb\u201d\n",
		"1:4: \u201c is no quote of YAML: write \" or '");
	REFUSED("a: [\u2018b\u2019]\n",
		"1:5: \u2018 is no quote of YAML: write \" or '");
	REFUSED("\u00aba\u00bb: b\n",
		"1:1: \u00ab is no quote of YAML: write \" or '");
}

/* What YAML calls null stands for nothing, but in quotes. */
static void null_is_empty(void **state)
{
	static const char text[] = "a: ~\nb: null\nc: \"~\"\nd: nullify\n";
	struct arena *arena = arena_create();
	struct config_errors errors;
	const struct yaml_node *root = parse(text, strlen(text), arena,
					     &errors);

	(void)state;
	assert_non_null(root);
	assert_string_equal(yaml_get(root, "a")->text, "");
	assert_string_equal(yaml_get(root, "b")->text, "");
	assert_string_equal(yaml_get(root, "c")->text, "~");
	assert_string_equal(yaml_get(root, "d")->text, "nullify");
	config_errors_finish(&errors);
	arena_destroy(arena);
}

static void too_deep(void **state)
{
	static const char fits[] = "{a: {b: {c: {d: {e: {f: {g: [1]}}}}}}}";
	struct arena *arena = arena_create();
	struct config_errors errors;

	(void)state;
	assert_non_null(parse(fits, sizeof(fits) - 1, arena, &errors));
	arena_destroy(arena);
	REFUSED("{a: {b: {c: {d: {e: {f: {g: {h: {i: 1}}}}}}}}}",
		"1:33: nested more than 8 deep");
}

static void too_large(void **state)
{
	size_t n = (1 << 20) + 1;
	char *text = malloc(n);
	struct arena *arena = arena_create();
	struct config_errors errors;

	(void)state;
	assert_non_null(text);
	memset(text, '\n', n);
	assert_non_null(parse(text, n - 1, arena, &errors));
	arena_destroy(arena);
	refused(text, n, "f.yaml: larger than 1 MiB, as no file may be: put "
		"some of its devices into another file of conf.d\n");
	free(text);
}

static void too_many(void **state)
{
	size_t n = 20000 * 3;
	char *text = malloc(n + 1);
	struct arena *arena = arena_create();
	struct config_errors errors;

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < 20000; i++)
		memcpy(text + 3 * i, "-\n\n", 3);
	memcpy(text, "a:\n", 3);
	assert_null(parse(text, n, arena, &errors));
	assert_string_equal(errors.first->text, "more than 16384 entries");
	config_errors_finish(&errors);
	arena_destroy(arena);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds_and_places),
		cmocka_unit_test(byte_order_mark_is_skipped),
		cmocka_unit_test(nothing_is_an_empty_map),
		cmocka_unit_test(what_is_not_of_the_subset),
		cmocka_unit_test(all_at_once),
		cmocka_unit_test(traps_inside_of_braces),
		cmocka_unit_test(syntax),
		cmocka_unit_test(what_stands_behind_a_syntax_error),
		cmocka_unit_test(bytes_that_are_no_text),
		cmocka_unit_test(quotes_of_word_processors),
		cmocka_unit_test(null_is_empty),
		cmocka_unit_test(too_deep),
		cmocka_unit_test(too_large),
		cmocka_unit_test(too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
