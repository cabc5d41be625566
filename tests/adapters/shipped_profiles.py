# SPDX-License-Identifier: GPL-2.0-or-later
"""The profiles that come with the program."""
import os


def profiles_find(top):
    """Their names, as `profile:` has them."""
    for folder, _, files in os.walk(top):
        for name in files:
            if name.endswith(".yaml"):
                path = os.path.join(folder, name)
                yield os.path.relpath(path, top)[:-len(".yaml")]
