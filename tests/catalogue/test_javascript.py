"""The JavaScript of every bound, run by node with the kernels of the calculator."""

import json
import shutil
import subprocess
from importlib import resources

import numpy as np
import pytest

from idbounds import bounds
from idbounds.testing import typical
from tests.catalogue.families import NUMBERS

KERNELS = resources.files("idbounds.kernels").joinpath("kernels.js")

pytestmark = [
    pytest.mark.skipif(not KERNELS.is_file(), reason="kernels.js is not there"),
    pytest.mark.skipif(shutil.which("node") is None, reason="node is not there"),
]

PROGRAM = """
const source = require('fs').readFileSync(process.argv[1], 'utf8').replace(/^export\\s+/gm, '');
const names = [...source.matchAll(/^(?:async )?function\\s+(\\w+)/gm)].map(m => m[1]);
const kernels = new Function(source + '; return {' + names.join(',') + '};')();
const tasks = JSON.parse(require('fs').readFileSync(0, 'utf8'));
console.log(JSON.stringify(tasks.map(task => {
  const f = new Function(...Object.keys(kernels), ...task.names, 'return ' + task.js + ';');
  return task.rows.map(row => f(...Object.values(kernels), ...row));
})));
"""


def points(bound, count=200):
    rng = np.random.default_rng(5)
    rows = [typical(bound, rng) for _ in range(count)]
    return {name: np.array([row[name] for row in rows], np.float64) for name in rows[0]}


def test_agrees_with_python():
    columns = {name: points(bounds[name]) for name in NUMBERS}
    tasks = [
        {"js": bounds[name].js, "names": list(c), "rows": np.stack(list(c.values()), axis=1).tolist()}
        for name, c in columns.items()
    ]
    done = subprocess.run(
        ["node", "-e", PROGRAM, str(KERNELS)],
        input=json.dumps(tasks),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for (name, given), found in zip(columns.items(), json.loads(done.stdout), strict=True):
        values = bounds[name](**given)
        size = np.maximum(bounds[name].magnitude(**given), np.abs(values))
        assert np.all(np.abs(np.array(found, np.float64) - values) < 1e-12 * size), name
