# SPDX-License-Identifier: GPL-2.0-or-later
"""The checks find what they are there for: each is shown one breach."""
import os
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
COMPILER = 'cc'
PURE = 'add_library(lwmux_pure STATIC observe.c)\n'
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
        self.put('agent/CMakeLists.txt', '# ' + GPL + PURE)
        self.put('agent/observe.c', GPL + '#include "agent/observe.h"\n')
        self.put('agent/observe.h', GPL)
        self.put('agent/loop.c', GPL + '#include <uv.h>\n')
        self.put('agent/loop.h', GPL)
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
        self.put('objects/tree.c', '#include "agent/observe.h"\n')
        self.expect('layers', 'objects/tree.c: "agent/observe.h": not for')

    def test_object_includes_ipso(self):
        self.put('ipso/ipso.h', GPL)
        self.put('objects/tree.c', '#include "ipso/ipso.h"\n')
        self.expect('layers', 'not for the layer "objects"')

    def test_adapter_includes_agent(self):
        self.put('adapters/sim/sim.c', '#include "agent/loop.h"\n')
        self.expect('layers', 'not for the layer "adapter"')

    def test_adapter_includes_another(self):
        self.put('adapters/ble/att.h', GPL)
        self.put('adapters/sim/sim.c', '#include "adapters/ble/att.h"\n')
        self.expect('layers', 'not for the layer "adapter"')

    def test_agent_includes_an_adapter(self):
        self.put('adapters/sim/signal.h', GPL)
        self.put('agent/bus.c', '#include "adapters/sim/signal.h"\n')
        self.expect('layers', 'not for the layer "agent"')

    def test_pure_includes_loop(self):
        self.put('agent/observe.c', '#include "agent/loop.h"\n')
        self.expect('layers', 'not for the layer "pure"')

    def test_pure_includes_the_system(self):
        self.put('agent/observe.c', '#include <pthread.h>\n')
        self.expect('layers', '<pthread.h>: has its place elsewhere')

    def test_pure_header_includes_the_system(self):
        self.put('agent/observe.h', '#include <sys/socket.h>\n')
        self.expect('layers', 'agent/observe.h: <sys/socket.h>')

    def test_library_elsewhere(self):
        self.put('agent/server.c', '#include <coap3/coap.h>\n')
        self.expect('layers', 'agent/server.c: <coap3/coap.h>')

    def test_header_without_a_source(self):
        self.put('agent/private.h', '#include <pthread.h>\n')
        self.put('agent/loop.c', '#include "agent/private.h"\n')
        self.assertEqual(run('layers', self.root)[0], 0)
        self.put('agent/observe.c', '#include "agent/private.h"\n')
        self.expect('layers', 'agent/private.h: <pthread.h>')

    def test_pure_by_design(self):
        self.put('agent/point.c', GPL)
        self.expect('layers', 'agent/point.c: pure by design')

    def test_path_not_from_the_root(self):
        self.put('agent/server.c', '#include "loop.h"\n')
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


if __name__ == '__main__':
    if len(sys.argv) > 1 and not sys.argv[1].startswith('-'):
        COMPILER = sys.argv.pop(1)
    unittest.main()
