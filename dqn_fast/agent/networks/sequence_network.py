"""Q-networks that remember: from sequences of observations to outputs for each action at every step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, cast

import torch
from torch import Tensor, nn

from dqn_fast.agent.networks.encoders import Encoder
from dqn_fast.agent.networks.q_network import MaskedQNetwork, QNetwork
from dqn_fast.agent.networks.windows import Inputs, State, Window
from dqn_fast.observation_keys import ACTION_MASK

#: The key of what is remembered, beside an action mask.
REMEMBERED = "remembered"


class SequenceModel(Protocol):
    """A module that remembers, such as `Recurrent` and `GPT`."""

    size: int

    def start(self, count: int) -> State:
        """Return the state of `count` sequences before their first step."""
        ...

    def forget(self, state: State, rows: Sequence[int]) -> State:
        """Return the state with these sequences before their first step again."""
        ...

    def __call__(self, features: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Return `(B, T, size)` for `(B, T, inputs)`, and the state behind the last step.

        What a step returns depends on no later step.
        """
        ...

    def advance(self, features: Tensor, lengths: Tensor, state: State | None = None) -> State:
        """Return the state behind each row's last step; `lengths` `(B,)` are from 0 to T."""
        ...


class SequenceNetwork(QNetwork):
    """An encoder of single steps, a model that remembers, and a Q-network on what is remembered.

    The model gets the observation's features, the previous action as one-hot vector and the previous reward.
    The same module learns from whole windows in one pass, and acts step by step with a state.

    Args:
        encoder: observations to `(B, features)` float32.
        model: takes `encoder.size + q_net.num_actions + 1` features.
        q_net: takes `(B, model.size)`; with a mask, a dict of that as `REMEMBERED`, and of the mask.
        reward_bound: rewards are clipped to ± this, above 0, before the model gets them; infinity does not.
    """

    head: QNetwork

    def __init__(
        self, encoder: Encoder, model: SequenceModel, q_net: QNetwork, *, reward_bound: float = float("inf")
    ) -> None:
        super().__init__(encoder, cast(nn.Module, model), q_net, q_net.num_actions, q_net.representation)
        self.reward_bound = reward_bound

    @property
    def model(self) -> SequenceModel:
        """What remembers."""
        return cast(SequenceModel, self.body)

    def forward(self, window: Window) -> Tensor:
        """Return the outputs of the head at every step, `(B, T, ...)`, without a gradient to the burn-in."""
        return self._outputs(self.remember(window), window.inputs)

    @torch.no_grad()
    def look(self, window: Window) -> Tensor:
        """Return the same as `forward`, but without any gradient."""
        return self._outputs(self.recall(window), window.inputs)

    def remember(self, window: Window) -> Tensor:
        """Return what the head takes at every step, `(B, T, size)`, without a gradient to the burn-in."""
        state = window.state
        if window.burn_in is not None:
            inputs, lengths = window.burn_in
            with torch.no_grad():
                features = self._features(inputs.until(int(lengths.max())))
                state = self.model.advance(features, lengths, state)
        return self.model(self._features(window.inputs), state)[0]

    @torch.no_grad()
    def recall(self, window: Window) -> Tensor:
        """Return the same as `remember`, but without any gradient.

        Each row is run through at once, which is faster: no row has to stop where its burn-in ends.
        """
        if window.burn_in is None:
            return self.remember(window)
        inputs, lengths = window.burn_in
        remembered, _ = self.model(self._features(inputs), window.state)
        column = lengths[:, None] + torch.arange(window.inputs.action.shape[1], device=lengths.device)
        column.clamp_(max=remembered.shape[1] - 1)  # behind the last step of a shorter row
        row = torch.arange(len(lengths), device=lengths.device)[:, None]
        return remembered[row, column]

    def rows(self, remembered: Tensor, inputs: Inputs) -> Any:
        """Return `(B, T, size)` as the B * T observations of the head, with their masks if it takes any."""
        rows = remembered.flatten(0, 1)
        if not isinstance(self.head, MaskedQNetwork):
            return rows
        mask = cast(Mapping[str, Tensor], inputs.obs)[ACTION_MASK].flatten(0, 1)
        return {REMEMBERED: rows, ACTION_MASK: mask}

    def step(self, inputs: Inputs, state: State) -> tuple[Tensor, State]:
        """Return the outputs of one step of N sequences, `(N, ...)`, and the state behind it."""
        column = inputs.as_column()
        remembered, state = self.model(self._features(column), state)
        return self._outputs(remembered, column).squeeze(1), state

    def start(self, count: int) -> State:
        """Return the state of `count` sequences before their first step."""
        return self.model.start(count)

    def values(self, outputs: Tensor) -> Tensor:
        """Return the action values, `(N, num_actions)`, that `outputs` `(N, ...)` mean."""
        return self.head.values(outputs)

    def _features(self, inputs: Inputs) -> Tensor:
        """Return what the model takes, `(B, T, ...)` float32."""
        flat = inputs.flat()
        bound = self.reward_bound
        features = torch.cat(
            [
                self.encoder(flat.obs),
                flat.reward.new_zeros(len(flat.action), self.num_actions).scatter_(
                    1, flat.action[:, None], 1.0
                ),
                flat.reward.clamp(-bound, bound)[:, None],
            ],
            1,
        )
        return features.reshape(*inputs.reward.shape, -1)

    def _outputs(self, remembered: Tensor, inputs: Inputs) -> Tensor:
        outputs: Tensor = self.head(self.rows(remembered, inputs))
        return outputs.reshape(*remembered.shape[:2], *outputs.shape[1:])
