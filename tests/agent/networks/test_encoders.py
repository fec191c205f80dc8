"""Encoders read observations as Gymnasium and the papers do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from gymnasium import spaces
from gymnasium.spaces.utils import flatten

from dqn_fast.agent.networks.encoders import DictEncoder, FlattenEncoder, make_encoder
from dqn_fast.agent.networks.image_encoder import DATA_EFFICIENT, MINATAR, NATURE, Conv, ImageEncoder

SPACES = [
    spaces.Box(-1, 1, (3,), np.float32),
    spaces.Box(-1, 1, (2, 3), np.float64),
    spaces.Box(0, 255, (2, 2, 1), np.uint8),
    spaces.Box(0, 1, ()),
    spaces.MultiBinary(4),
    spaces.MultiBinary((2, 3)),
    spaces.Discrete(5),
    spaces.Discrete(5, start=-2),
    spaces.MultiDiscrete([3, 2, 4]),
    spaces.MultiDiscrete([3, 2], start=[5, -1]),
]


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


@pytest.mark.parametrize("space", SPACES, ids=str)
def test_encodes_as_gymnasium_flattens(space: spaces.Space[Any]) -> None:
    space.seed(0)
    samples = [space.sample() for _ in range(7)]
    encoder = make_encoder(space, generator())
    encoded = encoder(torch.from_numpy(np.stack(samples)))
    assert encoded.dtype == torch.float32
    assert encoded.shape == (7, encoder.size)
    expected = np.stack([flatten(space, sample) for sample in samples])
    np.testing.assert_allclose(encoded.numpy(), expected, rtol=1e-6)


def test_a_dict_is_its_parts_side_by_side() -> None:
    space = spaces.Dict(
        {"b": spaces.Discrete(3), "a": spaces.Dict({"x.y": spaces.Box(-1, 1, (2,)), "": SPACES[4]})}
    )
    encoder = make_encoder(space, generator())
    obs = {
        "unread": None,
        "a": {"": torch.tensor([[1, 0, 0, 1]]), "x.y": torch.tensor([[0.5, -0.5]])},
        "b": torch.tensor([2]),
    }
    parts = {"b": [0, 0, 1], "a": {"x.y": [0.5, -0.5], "": [1, 0, 0, 1]}}
    order = [parts[key] if key == "b" else [parts[key][inner] for inner in space["a"]] for key in space]
    flat = np.concatenate([np.hstack(part) if isinstance(part[0], list) else part for part in order])
    assert isinstance(encoder, DictEncoder)
    assert encoder.size == 9
    np.testing.assert_array_equal(encoder(obs).numpy(), flat[None])


def convolve(image: np.ndarray, weight: np.ndarray, bias: np.ndarray, stride: int) -> np.ndarray:
    """A convolution of `(C, H, W)` and its ReLU, written out."""
    outputs, _, kernel, _ = weight.shape
    height, width = ((side - kernel) // stride + 1 for side in image.shape[1:])
    result = np.empty((outputs, height, width))
    for out in range(outputs):
        for row in range(height):
            for column in range(width):
                top, left = row * stride, column * stride
                window = image[:, top : top + kernel, left : left + kernel]
                result[out, row, column] = max(0.0, (window * weight[out]).sum() + bias[out])
    return result


@pytest.mark.parametrize(
    ("space", "convolutions", "axes", "scale"),
    [
        (spaces.Box(0, 255, (3, 38, 36), np.uint8), NATURE, (0, 1, 2), 1 / 255),
        (spaces.Box(0, 255, (36, 40, 1), np.uint8), NATURE, (2, 0, 1), 1 / 255),
        (spaces.Box(0, 255, (37, 36), np.uint8), NATURE, None, 1 / 255),
        (spaces.Box(-1, 1, (36, 36, 2), np.float64), NATURE, (2, 0, 1), 1),
        (spaces.Box(0, 1, (10, 10, 4), np.bool_), MINATAR, (2, 0, 1), 1),
        (spaces.Box(0, 1, (10, 10, 10), np.uint8), MINATAR, (2, 0, 1), 1),
        (spaces.Box(0, 255, (2, 10, 9), np.uint8), MINATAR, (0, 1, 2), 1 / 255),
        (spaces.Box(0, 10, (35, 36, 1), np.int64), MINATAR, (2, 0, 1), 1 / 10),
        (spaces.Box(-np.inf, np.inf, (3, 5, 4), np.float32), MINATAR, (0, 1, 2), 1),
        (spaces.Box(0, 255, (3, 3), np.uint8), MINATAR, None, 1 / 255),
    ],
    ids=str,
)
def test_images_go_through_the_convolutions_of_the_papers(
    space: spaces.Box, convolutions: tuple[Conv, ...], axes: tuple[int, ...] | None, scale: float
) -> None:
    encoder = make_encoder(space, generator())
    check_image_encoder(encoder, space, convolutions, axes, scale)
    asked = make_encoder(space, generator(), convolutions)
    assert all(map(torch.equal, encoder.parameters(), asked.parameters()))


@pytest.mark.parametrize("convolutions", [DATA_EFFICIENT, MINATAR, (Conv(3, 2, 3), Conv(1, 4, 1))], ids=str)
def test_images_go_through_the_convolutions_that_are_asked_for(convolutions: tuple[Conv, ...]) -> None:
    space = spaces.Box(0, 255, (3, 41, 37), np.uint8)
    check_image_encoder(
        make_encoder(space, generator(), convolutions), space, convolutions, (0, 1, 2), 1 / 255
    )
    both = make_encoder(
        spaces.Dict({"camera": space, "speed": spaces.Box(0, 1, (2,))}), generator(), convolutions
    )
    assert both.size == make_encoder(space, generator(), convolutions).size + 2


def test_images_that_are_too_small_for_the_convolutions_are_named() -> None:
    for convolutions, shape in ((NATURE, (35, 84, 4)), (DATA_EFFICIENT, (4, 24, 84)), (MINATAR, (3, 2, 9))):
        with pytest.raises(
            ValueError, match=r"^images: got \(.*\), expected room for the convolutions \(Conv"
        ):
            ImageEncoder(shape, convolutions, 1, generator())
    fitting = ((NATURE, (36, 36, 4)), (DATA_EFFICIENT, (4, 25, 25)), (MINATAR, (1, 3, 3)))
    assert [ImageEncoder(shape, convolutions, 1, generator()).size for convolutions, shape in fitting] == [
        64,
        64,
        16,
    ]


def check_image_encoder(
    encoder: object,
    space: spaces.Box,
    convolutions: tuple[Conv, ...],
    axes: tuple[int, ...] | None,
    scale: float,
) -> None:
    """Compare features with convolutions in NumPy, of double precision."""
    assert isinstance(encoder, ImageEncoder)
    space.seed(0)
    samples = [space.sample() for _ in range(2)]
    batch = torch.from_numpy(np.stack(samples))
    encoded = encoder(batch).detach()
    as_floats = batch.float()
    assert torch.equal(encoder(as_floats), encoded)
    # The caller's own are as they were.
    assert np.array_equal(batch, samples) and torch.equal(as_floats, batch.float())
    assert encoded.dtype == torch.float32
    assert encoded.shape == (2, encoder.size)
    parameters = [parameter.detach().double().numpy() for parameter in encoder.parameters()]
    for sample, row in zip(samples, encoded.numpy(), strict=True):
        expected = sample[None] if axes is None else sample.transpose(axes)
        expected = expected.astype(np.float64) * scale
        for index, conv in enumerate(convolutions):
            weight, bias = parameters[2 * index : 2 * index + 2]
            assert weight.shape[0] == conv.channels
            expected = convolve(expected, weight, bias, conv.stride)
        if axes == (2, 0, 1):
            expected = expected.transpose(1, 2, 0)
        np.testing.assert_allclose(row, expected.reshape(-1), atol=1e-5)


def test_the_layers_of_the_papers() -> None:
    atari = make_encoder(spaces.Box(0, 255, (4, 84, 84), np.uint8), generator())
    minatar = make_encoder(spaces.Box(0, 1, (10, 10, 4), np.bool_), generator())
    assert (atari.size, minatar.size) == (3136, 1024)
    assert NATURE == ((32, 8, 4), (64, 4, 2), (64, 3, 1))
    assert MINATAR == ((16, 3, 1),)
    assert DATA_EFFICIENT == ((32, 5, 5), (64, 5, 5))
    space = spaces.Box(0, 255, (4, 84, 84), np.uint8)
    assert make_encoder(space, generator(), DATA_EFFICIENT).size == 576


@pytest.mark.parametrize("shape", [(2, 2, 3), (3, 2, 2), (5, 2, 4), (4,), (2, 84), (3, 4, 84, 84)])
def test_what_is_no_image_is_flattened(shape: tuple[int, ...]) -> None:
    encoder = make_encoder(spaces.Box(0, 255, shape, np.uint8), generator())
    assert isinstance(encoder, FlattenEncoder)
    assert encoder.size == np.prod(shape)
    assert isinstance(make_encoder(spaces.Box(0, 1, (40, 40)), generator()), FlattenEncoder)


def test_other_spaces_are_named() -> None:
    for space in (spaces.Text(4), spaces.Dict({"a": spaces.Text(4)})):
        with pytest.raises(TypeError, match=r"^observation_space: got Text.*, expected Box, MultiBinary, "):
            make_encoder(space, generator())


def test_convolutions_in_bfloat16_keep_three_digits_and_weights_of_float32() -> None:
    space = spaces.Box(0, 255, (4, 36, 36), np.uint8)
    exact, rough = (make_encoder(space, torch.Generator().manual_seed(0)) for _ in range(2))
    assert isinstance(exact, ImageEncoder) and isinstance(rough, ImageEncoder)
    rough.in_bfloat16 = True
    images = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (8, 4, 36, 36), np.uint8))
    found = [encoder(images) for encoder in (exact, rough)]
    assert found[1].dtype == torch.float32
    assert not torch.equal(*found)
    torch.testing.assert_close(found[1], found[0], rtol=0.05, atol=0.01)
    for features in found:
        features.square().sum().backward()
    for one, other in zip(exact.parameters(), rough.parameters(), strict=True):
        assert one.grad is not None and other.grad is not None and other.grad.dtype == torch.float32
        assert (one.grad - other.grad).norm() < 0.05 * one.grad.norm()
