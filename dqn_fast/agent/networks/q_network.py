"""Q-networks: from observations to outputs for each action, and from outputs to values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor, nn

from dqn_fast.agent.networks.action_mask import ILLEGAL, mask_illegal
from dqn_fast.agent.networks.encoders import Encoder
from dqn_fast.agent.networks.representation import SCALAR, Representation
from dqn_fast.observation_keys import ACTION_MASK


class QNetwork(nn.Module):
    """An encoder, a body and a head, which give outputs for each action; and what the outputs mean.

    Args:
        encoder: observations, as the environment gives them, to `(B, features)` float32.
        body: features to features.
        head: features to outputs, float32: `(B, num_actions)`, `(B, num_actions, outputs_per_action)` if the
            representation has several, or `(B, sum of sizes)` if it has several heads.
        num_actions: actions are 0 ... num_actions - 1.
        representation: gives action values from outputs.

    Attributes:
        version: grows whenever the weights change, by an update of `DQN` or by `load_state_dict`; copies on
            other devices (`CopyPolicy`) go by it.
    """

    def __init__(
        self,
        encoder: Encoder,
        body: nn.Module,
        head: nn.Module,
        num_actions: int,
        representation: Representation = SCALAR,
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.body = body
        self.head = head
        self.num_actions = num_actions
        self.representation = representation
        self.version = 0

    def load_state_dict(self, *arguments: Any, **options: Any) -> Any:
        """Take other weights; see `torch.nn.Module.load_state_dict`."""
        self.version += 1
        return super().load_state_dict(*arguments, **options)

    def forward(self, obs: Any) -> Tensor:
        """Return the outputs of the head; with the usual representation, q `(B, num_actions)`.

        Args:
            obs: a tensor `(B, *observation shape)`, or a (nested) dict of them.
        """
        outputs: Tensor = self.head(self.body(self.encoder(obs)))
        return outputs

    def at(self, obs: Any, action: Tensor, whole: tuple[str, ...] = ()) -> Tensor:
        """Return outputs like `forward`, of which those of one action in each row are needed alone.

        All are computed here. A network that scores actions one by one leaves the others 0, or returns the
        outputs as if these were the only actions, with one for each head.

        Args:
            obs: as for `forward`.
            action: `(B,)` int64.
            whole: names of heads whose outputs of all actions are needed.
        """
        outputs: Tensor = self(obs)
        return outputs

    def reduced(self, obs: Any, reduce: Callable[[Tensor], Tensor]) -> Tensor:
        """Return what `reduce` makes of each row's outputs, `(B, ...)`.

        All outputs are computed together here. A network of many actions computes those of few rows at a
        time.

        Args:
            obs: as for `forward`.
            reduce: from outputs of some rows, `(N, ...)`, to `(N, ...)`; no row depends on another one.
        """
        return reduce(self(obs))

    def best_action(self, obs: Any, needed: Tensor) -> Tensor:
        """Return the action of the largest value in each row, `(B,)` int64; the first of equal ones.

        Args:
            obs: as for `forward`.
            needed: `(B,)` bool, rows whose action matters. All are computed here; a network to which rows are
                dear returns any action for the others.
        """
        return self.reduced(obs, lambda outputs: self.values(outputs).argmax(1))

    def values(self, outputs: Tensor) -> Tensor:
        """Return the action values, `(B, num_actions)`, that `outputs` mean; `outputs` are only read."""
        return self.representation.values(outputs)


class MaskedQNetwork(QNetwork):
    """Gives illegal actions the lowest value of all, so that no maximum takes them.

    All outputs of an illegal action are `ILLEGAL`, and so is its value. The representation is not asked: a
    mean of such outputs may overflow, and a softmax would see nothing unusual.
    """

    def forward(self, obs: Mapping[str, Any]) -> Tensor:
        """Return the outputs, as the head gives them, for a dict that holds an action mask."""
        return mask_illegal(super().forward(obs), obs[ACTION_MASK])

    def values(self, outputs: Tensor) -> Tensor:
        """Return the action values, `(B, num_actions)`, that `outputs` mean; `outputs` are only read."""
        values = super().values(outputs)
        if values is outputs:
            return values  # already masked
        several_heads = outputs.dim() == values.dim()
        first = outputs[..., : values.shape[-1]] if several_heads else outputs[..., 0]
        return values.masked_fill(first == ILLEGAL, ILLEGAL)


class DuelingHead(nn.Module):
    """Adds to a state's value each action's advantage over the mean (Wang et al., 2016, equation 9).

    With several outputs per action, each has its own value and advantages.

    Args:
        value: features to `(B, 1)`, or `(B, 1, outputs per action)`.
        advantage: features to `(B, num_actions)`, or `(B, num_actions, outputs per action)`.
    """

    def __init__(self, value: nn.Module, advantage: nn.Module) -> None:
        super().__init__()
        self.value = value
        self.advantage = advantage

    def forward(self, features: Tensor) -> Tensor:
        """Return the outputs, float32, in the shape of the advantages."""
        advantage = self.advantage(features)
        outputs: Tensor = advantage + (self.value(features) - advantage.mean(1, keepdim=True))
        return outputs
