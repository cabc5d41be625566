# SPDX-License-Identifier: GPL-2.0-or-later
"""The checks find what they are there for: each is shown one breach."""
import os
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
COMPILER = 'cc'
PURE = 'target_sources(lwmux_pure PRIVATE observe.c)\n'
GPL = '/* SPDX-License-Identifier: GPL-2.0-or-later */\n'
MIT = '/* SPDX-License-Identifier: MIT */\n'


def run(name, *arguments):
    """(exit code, output) of one of the checks."""
    done = subprocess.run([sys.executable, '-B', os.path.join(HERE, name),
                           *arguments], capture_output=True, text=True,
                          check=False)
    return done.returncode, done.stdout + done.stderr


class Tree(unittest.TestCase):
    """A tree of few files, clean but for what a test puts in."""

    def setUp(self):
        held = tempfile.TemporaryDirectory()
        self.addCleanup(held.cleanup)
        self.root = held.name
        self.put('agent/lwm2m/CMakeLists.txt', '# ' + GPL + PURE)
        self.put('agent/lwm2m/observe.c', GPL + '#include "agent/lwm2m/observe.h"\n')
        self.put('agent/lwm2m/observe.h', GPL)
        self.put('agent/gateway/loop.c', GPL + '#include <uv.h>\n')
        self.put('agent/gateway/loop.h', GPL)
        self.put('objects/value.h', MIT)

    def put(self, path, text):
        """A file at a path from the root."""
        path = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'w', encoding='utf-8') as file:
            file.write(text)

    def expect(self, check, words):
        """This check complains with these words."""
        code, told = run(check, self.root)
        self.assertEqual(code, 1, told)
        self.assertIn(words, told)

    def test_clean(self):
        for check in ('layers', 'house'):
            code, told = run(check, self.root)
            self.assertEqual(code, 0, told)

    def test_object_includes_agent(self):
        self.put('objects/tree.c', '#include "agent/lwm2m/observe.h"\n')
        self.expect('layers', 'objects/tree.c: "agent/lwm2m/observe.h": not for')

    def test_object_includes_ipso(self):
        self.put('ipso/ipso.h', GPL)
        self.put('objects/tree.c', '#include "ipso/ipso.h"\n')
        self.expect('layers', 'not for the layer "objects"')

    def test_adapter_includes_agent(self):
        self.put('adapters/sim/sim.c', '#include "agent/gateway/loop.h"\n')
        self.expect('layers', 'not for the layer "adapter"')

    def test_adapter_includes_another(self):
        self.put('adapters/ble/att.h', GPL)
        self.put('adapters/sim/sim.c', '#include "adapters/ble/att.h"\n')
        self.expect('layers', 'not for the layer "adapter"')

    def test_agent_includes_an_adapter(self):
        self.put('adapters/sim/signal.h', GPL)
        self.put('agent/bus/bus.c', '#include "adapters/sim/signal.h"\n')
        self.expect('layers', 'not for the layer "agent"')

    def test_pure_includes_loop(self):
        self.put('agent/lwm2m/observe.c', '#include "agent/gateway/loop.h"\n')
        self.expect('layers', 'not for the layer "pure"')

    def test_pure_includes_the_system(self):
        self.put('agent/lwm2m/observe.c', '#include <pthread.h>\n')
        self.expect('layers', '<pthread.h>: has its place elsewhere')

    def test_pure_header_includes_the_system(self):
        self.put('agent/lwm2m/observe.h', '#include <sys/socket.h>\n')
        self.expect('layers', 'agent/lwm2m/observe.h: <sys/socket.h>')

    def test_library_elsewhere(self):
        self.put('agent/client/server.c', '#include <coap3/coap.h>\n')
        self.expect('layers', 'agent/client/server.c: <coap3/coap.h>')

    def test_header_without_a_source(self):
        self.put('agent/lwm2m/private.h', '#include <pthread.h>\n')
        self.put('agent/gateway/loop.c', '#include "agent/lwm2m/private.h"\n')
        self.assertEqual(run('layers', self.root)[0], 0)
        self.put('agent/lwm2m/observe.c', '#include "agent/lwm2m/private.h"\n')
        self.expect('layers', 'agent/lwm2m/private.h: <pthread.h>')

    def test_library_of_an_adapter(self):
        self.put('adapters/knx/CMakeLists.txt',
                 'lwmux_adapter(knx SOURCES knx.c HEADERS knx/*)\n')
        self.put('adapters/knx/knx.c', GPL + '#include <knx/bus.h>\n')
        self.assertEqual(run('layers', self.root)[0], 0)
        self.put('agent/bus/bus.c', '#include <knx/bus.h>\n')
        self.expect('layers', 'agent/bus/bus.c: <knx/bus.h>: has its place')

    def test_pure_by_design(self):
        self.put('agent/config/point.c', GPL)
        self.expect('layers', 'agent/config/point.c: pure by design')

    def test_floor_above(self):
        self.put('agent/coap/coap.c', '#include "agent/gateway/loop.h"\n')
        self.expect('layers', 'agent/coap/coap.c includes '
                    'agent/gateway/loop.h: that floor lies above')

    def test_clock_below_the_loop(self):
        self.put('agent/client/server.c',
                 'int64_t now(void) { return monotonic_read(); }\n')
        self.expect('layers', 'agent/client/server.c: monotonic_read(): '
                    'the time is an argument')

    def test_no_such_floor(self):
        self.put('agent/attic/old.c', GPL)
        self.expect('layers', 'agent/attic/old.c: no floor')

    def test_path_not_from_the_root(self):
        self.put('agent/client/server.c', '#include "loop.h"\n')
        self.expect('layers', '"loop.h": no such path')

    def test_no_license(self):
        self.put('objects/tree.c', 'int x;\n')
        self.expect('house', 'objects/tree.c: its first lines name')

    def test_wrong_license(self):
        self.put('objects/value.h', GPL)
        self.expect('house', 'objects/value.h: license GPL')

    def test_path_of_one_machine(self):
        self.put('objects/tree.c', GPL + '/* see /' + 'home/me/x */\n')
        self.expect('house', 'objects/tree.c:2: a path of one machine')

    def test_object_by_its_number(self):
        for code in ('path_resource(3, 0, r)', 'path_resource(ID_DEVICE, 0, 9)',
                     'path_element(ID_DEVICE, 0,\n\t11, 0)',
                     'path->id[2] == 9', 'object != 21'):
            with self.subTest(code=code):
                self.put('agent/endpoint/x.c', GPL + code + ';\n')
                self.expect('house', 'agent/endpoint/x.c:2: an object or')
        self.put('agent/endpoint/x.c',
                 GPL + 'path_resource(ID_DEVICE, 0, ID_DEVICE_TIME);\n')
        self.assertEqual(run('house', self.root)[0], 0)

    def test_static_of_one_word(self):
        for code in ('static int apply(void)\n{\n}', 'static void\napply(int a);',
                     'static inline struct x *apply(int a,\n\tint b)\n{\n}'):
            with self.subTest(code=code):
                self.put('objects/x.c', GPL + code + '\n')
                self.expect('house', 'static apply(): its name carries')
        self.put('objects/x.c', GPL + 'static int x_apply(void)\n{\n}\n'
                 'static const int table[] = { WORDS(1) };\n')
        self.assertEqual(run('house', self.root)[0], 0)


    def test_mutant_of_what_is_no_more(self):
        self.put('tests/sim/mutants/f.patch', '--- a/objects/x.c\n'
                 '+++ b/objects/x.c\n@@ -1 +1 @@\n-int x = 1;\n+int x = 2;\n')
        self.expect('mutants', 'f.patch: does not apply any more')
        self.put('objects/x.c', 'int x = 1;\n')
        self.assertEqual(run('mutants', self.root)[0], 0)
        self.put('objects/x.c', 'int x = 2;\n')  # as if it were there
        self.expect('mutants', 'f.patch: does not apply any more')


class Calls(unittest.TestCase):
    """What the libraries call across floors, whatever they include."""

    def test_call_upward(self):
        held = tempfile.TemporaryDirectory()
        self.addCleanup(held.cleanup)
        for path, text in (
                ('agent/lwm2m/CMakeLists.txt', '# ' + GPL + PURE),
                ('agent/lwm2m/observe.c', GPL),
                ('agent/coap/coap.c', GPL + 'int gateway_turn(void);\n'
                 'int turn(void) { return gateway_turn(); }\n'),
                ('agent/gateway/gateway.c', GPL + 'int gateway_turn(void);\n'
                 'int gateway_turn(void) { return 1; }\n')):
            path = os.path.join(held.name, path)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, 'w', encoding='utf-8') as file:
                file.write(text)
        objects = []
        for name in ('coap/coap', 'gateway/gateway'):
            objects.append(os.path.join(held.name,
                                        os.path.basename(name) + '.c.o'))
            subprocess.run([COMPILER, '-c', '-o', objects[-1], os.path.join(
                held.name, 'agent', name + '.c')], check=True)
        library = os.path.join(held.name, 'lib.a')
        subprocess.run(['ar', 'rc', library, *objects], check=True)
        code, told = run('layers', held.name, library)
        self.assertEqual(code, 1, told)
        self.assertIn('agent/coap/coap.c calls gateway_turn: that floor',
                      told)


class Untested(unittest.TestCase):
    """Code of the hub that no unit test calls."""

    def test_too_much(self):
        held = tempfile.TemporaryDirectory()
        self.addCleanup(held.cleanup)
        source = os.path.join(held.name, 'agent/gateway/gateway.c')
        test = os.path.join(held.name, 'tests/agent/gateway/test_gateway.c')
        library = os.path.join(held.name, 'lib.a')
        for path, text in ((source, 'int gateway_turn(void);\nint '
                            'gateway_turn(void) { return 1; }' + '\n' * 999),
                           (test, 'int main(void) { return other(); }\n')):
            os.makedirs(os.path.dirname(path))
            with open(path, 'w', encoding='utf-8') as file:
                file.write(text)
        subprocess.run([COMPILER, '-c', '-o', source + '.o', source],
                       check=True)
        subprocess.run(['ar', 'rc', library, source + '.o'], check=True)
        code, told = run('untested', held.name, library)
        self.assertEqual(code, 1, told)
        self.assertIn('1000 agent/gateway/gateway.c', told)
        with open(test, 'a', encoding='utf-8') as file:
            file.write('int x(void) { return gateway_turn(); }\n')
        self.assertEqual(run('untested', held.name, library)[0], 0)


class Purity(unittest.TestCase):
    """Libraries and plug-ins of one function each."""

    def setUp(self):
        held = tempfile.TemporaryDirectory()
        self.addCleanup(held.cleanup)
        self.at = held.name

    def build(self, text, *options):
        """An object file, which nm reads as it reads a library."""
        source = os.path.join(self.at, 'x.c')
        with open(source, 'w', encoding='utf-8') as file:
            file.write(text)
        out = os.path.join(self.at, 'x.o')
        subprocess.run([COMPILER, '-O1', *options, source, '-o', out],
                       check=True)
        return out

    def test_pure(self):
        code, told = run('purity', self.build(
            '#include <string.h>\n'
            'unsigned long f(const char *s) { return strlen(s); }\n', '-c'))
        self.assertEqual(code, 0, told)

    def test_impure(self):
        for call in ('time((void *)0)', 'getenv("X")', 'rand()',
                     'socket(1, 2, 0)', 'pthread_self()', 'puts("x")'):
            name = call.split('(', maxsplit=1)[0]
            code, told = run('purity', self.build(
                f'long {name}(); long f(void) {{ return {call}; }}\n',
                '-c', '-w'))
            self.assertEqual(code, 1, told)
            self.assertIn('calls ' + name, told)

    def test_adapter_exports_more(self):
        library = self.build('int strlen(); int f(void) '
                             '{ return strlen("x", f); }\n', '-c', '-w',
                             '-fno-builtin')
        os.rename(library, library + '.pure')
        plugin = self.build('int lwmux_adapter, more;\n', '-shared', '-fPIC')
        code, told = run('purity', '--adapter', plugin, library + '.pure')
        self.assertEqual(code, 1, told)
        self.assertIn('exports more', told)


class Conformance(unittest.TestCase):
    put = Tree.put

    def setUp(self):
        held = tempfile.TemporaryDirectory()
        self.addCleanup(held.cleanup)
        self.root = held.name
        self.put('tests/coap/test_rfc7252.py',
                 '    def test_4_3_and_5_2_a_ping(self):\n')
        self.put('tests/lint/conformance.tsv',
                 'Core\t6.1\tasks\ttest_observe.asks\n'
                 'Core\t6.2\tsings\tnot done: no voice\n')
        self.put('tests/agent/lwm2m/test_observe.c',
                 'static void asks(void **state)\n')
        self.put('doc/conformance.md', '')

    def test_old_page_is_written_anew(self):
        code, told = run('conformance', self.root)
        self.assertEqual(code, 1, told)
        self.assertIn('not up to date', told)
        self.assertEqual(run('conformance', self.root, '--write'), (0, ''))
        self.assertEqual(run('conformance', self.root), (0, ''))
        with open(os.path.join(self.root, 'doc/conformance.md'),
                  encoding='utf-8') as page:
            text = page.read()
        for line in ('| 4.3, 5.2 | a ping | `test_rfc7252.test_4_3_and_5_2',
                     '| 6.1 | asks | `test_observe.asks` |',
                     '| 6.2 | sings | not done: no voice |'):
            self.assertIn(line, text)

    def test_tests_that_are_not_there(self):
        self.put('tests/agent/lwm2m/test_observe.c', '')
        code, told = run('conformance', self.root)
        self.assertEqual(code, 1, told)
        self.assertIn('Core 6.1: no test test_observe.asks', told)


if __name__ == '__main__':
    if len(sys.argv) > 1 and not sys.argv[1].startswith('-'):
        COMPILER = sys.argv.pop(1)
    unittest.main()
