# SPDX-License-Identifier: GPL-2.0-or-later
"""run as a module: it has no suffix that import would know."""
import importlib.machinery
import importlib.util
import pathlib

HERE = pathlib.Path(__file__).resolve().parent


def load():
    loader = importlib.machinery.SourceFileLoader("run", str(HERE / "run"))
    module = importlib.util.module_from_spec(
        importlib.util.spec_from_loader("run", loader))
    loader.exec_module(module)
    return module
