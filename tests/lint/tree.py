# SPDX-License-Identifier: GPL-2.0-or-later
"""The project's files, for the checks beside this file."""
import os
import re
import subprocess

INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^">]+)[">]', re.M)


def files(root):
    """Paths from the root of all that belongs to the project."""
    git = ['git', '-C', root, 'ls-files', '-z', '-co', '--exclude-standard']
    found = subprocess.run(git, capture_output=True, text=True, check=False)
    if found.returncode == 0:
        names = found.stdout.split('\0')
    else:
        names = walked(root)
    return sorted(n for n in names
                  if n and os.path.isfile(os.path.join(root, n)))


def walked(root):
    """The same without git: all but what was built."""
    for at, dirs, names in os.walk(root):
        dirs[:] = [d for d in dirs if not d.startswith('build')
                   and d not in ('.git', '.cache', '__pycache__')]
        for name in names:
            yield os.path.relpath(os.path.join(at, name), root)


def text(root, path):
    """What a file holds; bytes that are not UTF-8 are replaced."""
    with open(os.path.join(root, path), encoding='utf-8',
              errors='replace') as file:
        return file.read()


def includes(root, path):
    """(path, True where it stands in quotes) of each include."""
    return [(name, mark == '"')
            for mark, name in INCLUDE.findall(text(root, path))]
