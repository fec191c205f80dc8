"""The core's dense layers equal their twin bit for bit, and refuse what they must."""

from __future__ import annotations

import weakref
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from agent.fast.oracles import dense_layer
from hypothesis import given
from hypothesis import strategies as st

from dqn_fast import _core

SIZES = st.lists(st.integers(1, 20), min_size=2, max_size=4)


def arrays(rows: int = 3, inputs: int = 4, outputs: int = 2) -> dict[str, Any]:
    return {
        "features": np.ones((rows, inputs), np.float32),
        "weight": np.ones((outputs, inputs), np.float32),
        "bias": np.ones(outputs, np.float32),
        "outputs": np.zeros((rows, outputs), np.float32),
    }


@pytest.mark.parametrize("kernels", _core.available_kernels())
@given(rows=st.integers(1, 9), sizes=SIZES, relu=st.booleans(), seed=st.integers(0, 2**32))
def test_layers_behind_one_another(kernels: str, rows: int, sizes: list[int], relu: bool, seed: int) -> None:
    generator = np.random.default_rng(seed)

    def draw(*shape: int) -> np.ndarray:
        return generator.normal(size=shape).astype(np.float32)

    features = draw(rows, sizes[0])
    layers: list[tuple[Any, Any, Any, Any, bool]] = []
    for inputs, outputs in pairwise(sizes):
        read = layers[-1][3] if layers else features
        results = np.empty((rows, outputs), np.float32)
        layers.append((read, draw(outputs, inputs), draw(outputs), results, relu))
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("DQN_FAST_KERNELS", kernels)
        dense = _core.DenseLayers(layers)
    for _ in range(2):
        dense.run()
        expected = features
        for _, weight, bias, outputs, _ in layers:
            expected = dense_layer(expected, weight, bias, relu)
            np.testing.assert_array_equal(outputs, expected)
        for changed in (features, layers[0][1]):  # which the next run sees
            changed[:] = draw(*changed.shape)


def test_the_layers_keep_their_arrays() -> None:
    given = arrays()
    outputs = given["outputs"]
    layer = [*given.values(), False]  # any sequence
    dense = _core.DenseLayers((layer,))  # type: ignore[arg-type]
    kept = [weakref.ref(array) for array in given.values()]
    given.clear()
    layer.clear()
    dense.run()
    assert all(array() is not None for array in kept)
    del dense
    assert [array() is None for array in kept] == [True, True, True, False]  # this test has the outputs
    np.testing.assert_array_equal(outputs, 5.0)


@pytest.mark.parametrize(
    ("name", "value", "error", "message"),
    [
        (
            "features",
            np.ones((3, 4)),
            TypeError,
            r"^features: got .*ndarray.*, expected .*\(any, any\)$",
        ),
        ("features", [[1.0] * 4] * 3, TypeError, r"^features: got .*list.*, expected .* float32"),
        (
            "features",
            np.ones((3, 5), np.float32),
            ValueError,
            r"^weight: got one of shape \(2, 4\), .*\(any, 5\)$",
        ),
        ("features", np.ones(4, np.float32), ValueError, r"^features: got one of shape \(4\), expected"),
        ("weight", np.ones((4, 2), np.float32).T, ValueError, r"weight: .*expected a C-contiguous"),
        ("bias", np.ones(3, np.float32), ValueError, r"^bias: got one of shape \(3\), expected .*\(2\)$"),
        ("outputs", np.ones((2, 2), np.float32), ValueError, r"^outputs: .*expected .* \(3, 2\)$"),
        ("outputs", np.broadcast_to(np.float32(0), (3, 2)), ValueError, r"outputs: .*C-contiguous"),
    ],
)
def test_bad_arrays(name: str, value: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        _core.DenseLayers([(*{**arrays(), name: value}.values(), True)])


def test_outputs_that_cannot_be_written_to() -> None:
    given = arrays()
    given["outputs"].flags.writeable = False
    with pytest.raises(ValueError, match="not writeable"):
        _core.DenseLayers([(*given.values(), True)])


def test_an_unaligned_array() -> None:
    raw = np.zeros(4 * 3 * 4 + 1, np.uint8)[1:].view(np.float32).reshape(3, 4)
    assert not raw.flags.aligned
    with pytest.raises(ValueError, match="features: got one of shape"):
        _core.DenseLayers([(*{**arrays(), "features": raw}.values(), True)])


@pytest.mark.parametrize("layer", [5, (), tuple(arrays().values()), (*arrays().values(), False, 1)])
def test_what_is_no_layer(layer: Any) -> None:
    with pytest.raises(
        TypeError, match=r"^layers: got .*, expected \(features, weight, bias, outputs, relu\)$"
    ):
        _core.DenseLayers([layer])
