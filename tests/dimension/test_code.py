"""Digests of code: what acts alike has one digest, in any process; what acts otherwise has another."""

import functools

import numpy as np
import pytest
import torch
from torch import nn

from idbounds.dimension.code import code_digest


def compiled(text, name="f"):
    space = {"__name__": "anywhere", "partial": functools.partial, "np": np, "torch": torch, "nn": nn}
    exec(text, space)
    return space[name]


PLAIN = "def f(x, y=1):\n    return x + y"
SAME = [
    (PLAIN, "def f(x, y=1):\n\n    # said at length\n    return (x\n            + y)"),
    ("f = lambda x: x in {'a', 'b', 'c'}", "f = lambda x: x in {'c', 'b', 'a'}"),
    ("def g(x): return x\ndef f(x): return g(x)", "def f(x): return g(x)\nother = 1\ndef g(x): return x"),
    ("f = nn.CrossEntropyLoss(weight=torch.ones(3))", "f = nn.CrossEntropyLoss(weight=torch.ones(3))"),
    ("f = np.arange(10000)", "f = np.arange(10000)"),
    ("class A: pass\nf = A()", "class A: pass\nf = A()"),
]
OTHER = [
    (PLAIN, "def f(x, y=2):\n    return x + y"),
    (PLAIN, "def f(x, y=1):\n    return x - y"),
    ("def f(x, *, y=1): return y", "def f(x, *, y=2): return y"),
    ("f = lambda x: x + 1", "f = lambda x: x + 2"),
    ("f = lambda x: x.mean()", "f = lambda x: x.sum()"),
    ("f = (lambda c: lambda x: c)(1)", "f = (lambda c: lambda x: c)(2)"),
    ("f = (lambda c: lambda x: c)(1)", "f = (lambda c: lambda x: c)(True)"),
    ("def g(x): return x\ndef f(x): return g(x)", "def g(x): return -x\ndef f(x): return g(x)"),
    ("S = 1\ndef f(x): return S * x", "S = 2\ndef f(x): return S * x"),
    ("f = partial(max, 1)", "f = partial(max, 2)"),
    ("f = partial(max, key=abs)", "f = partial(max, key=len)"),
    ("f = nn.CrossEntropyLoss()", "f = nn.CrossEntropyLoss(label_smoothing=0.1)"),
    ("f = nn.CrossEntropyLoss(torch.ones(3))", "f = nn.CrossEntropyLoss(torch.ones(3) * 2)"),
    ("f = nn.functional.relu", "f = nn.functional.gelu"),
    ("f = np.arange(10000)", "f = np.arange(10000)\nf[5000] = 0"),
    ("class f:\n  def g(self): return 1", "class f:\n  def g(self): return 2"),
    ("class f:\n  a = 1", "class f:\n  a = 2"),
    ("class f:\n  @property\n  def g(self): return 1", "class f:\n  @property\n  def g(self): return 2"),
    ("class B:\n  def g(s): return 1\nclass f(B): pass", "class B:\n  def g(s): return 2\nclass f(B): pass"),
    ("class A:\n  def g(self): return self.a\nf = A()\nf.a = 1\nf = f.g",
     "class A:\n  def g(self): return self.a\nf = A()\nf.a = 2\nf = f.g"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), SAME)
def test_what_acts_alike_has_one_digest(one, other):
    assert code_digest(compiled(one)) == code_digest(compiled(other))


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_what_acts_otherwise_has_another(one, other):
    assert code_digest(compiled(one)) != code_digest(compiled(other))


def test_another_process_finds_the_same(program):
    every = [text for pair in SAME + OTHER for text in pair]
    code = f"import sys; sys.path.insert(0, {__file__.rpartition('dimension')[0]!r})\n" + (
        "from dimension.test_code import SAME, OTHER, compiled, code_digest\n"
        "print(*(code_digest(compiled(t)) for pair in SAME + OTHER for t in pair))"
    )
    done = program(code=code)
    assert done.stdout.split() == [code_digest(compiled(text)) for text in every], done.stderr


def test_what_refers_to_itself_ends():
    def again(n):
        return again(n - 1) if n else 0

    loop = []
    loop.append(loop)
    assert len(code_digest(again, loop)) == 64
