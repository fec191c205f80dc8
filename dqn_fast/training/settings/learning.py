"""Settings of what learns: the network, its updates, the optimiser and the target network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import tyro

from dqn_fast.training.settings.rules import (
    A_BODY,
    A_COUNT_OR_NONE,
    A_FOLDER,
    A_NETWORK,
    A_NORM,
    A_PRESET,
    A_SHARE,
    A_SHARE_ABOVE_0,
    A_SHARE_BELOW_1,
    A_SHARE_WITHIN,
    LAYER_SIZES,
    NOT_NEGATIVE,
    POSITIVE,
    Settings,
    at_least,
)


@dataclass(frozen=True, kw_only=True)
class NetworkSettings(Settings):
    """The Q-network."""

    network: Annotated[str, A_NETWORK, tyro.conf.arg(metavar="NAME")] = "feedforward"
    """feedforward; lstm, gru or gpt, which remember what they saw in an episode, and get the previous action
    and reward beside each observation; candidates, which score actions that the environment describes by
    features, such as words; or a class of yours as my_module:MyNet. It is called with the observation space,
    the action space and a torch.Generator for its weights. It must be a torch.nn.Module from a tensor of B
    observations (or a dict of them) to the values of all actions, (B, A) float32. Other settings of the
    network do not apply to it."""
    hidden_sizes: Annotated[tuple[int, ...], LAYER_SIZES] = (128, 128)
    """Units of each hidden layer of the Q-network; for images, of the layers after the convolutions."""
    convolutions: Literal["by-size", "nature", "data-efficient", "minatar"] = "by-size"
    """Convolutions for images. by-size takes DQN's (nature) from 36 x 36 pixels on, and MinAtar's below.
    data-efficient is for large images, too, and cheaper on a CPU."""
    bfloat16: bool = False
    """Convolutions compute in bfloat16, which recent GPUs do faster; weights stay float32."""
    embedding: Annotated[int, at_least(0)] = 0
    """Length of a learned vector for each value of a discrete observation. 0 takes one-hot vectors, which are
    quicker for up to some thousand values; in a language model, vectors of sequence_units numbers."""
    body: Annotated[str, A_BODY, tyro.conf.arg(metavar="hf:FOLDER")] = ""
    """A pretrained BERT, GPT-2 or XLNet in safetensors that reads the observations: hf: and a folder, or a
    name on Hugging Face's hub. With the keys tokens and length in observations it reads each text anew, below
    any network. Where an observation is one token (Discrete), GPT-2 takes the place of the small GPT of
    --network gpt, and goes on from what it has read. In a language model (bc and soft where actions are
    words) it takes the place of lstm, gru or gpt, and reads a vector for each word, which learns, and begins
    as the mean of those of the word's tokens if the body's tokenizer knows it. Needs the extra hf."""
    body_weights: Literal["frozen", "shared", "trained"] = "frozen"
    """frozen: the body stays as it is, and no checkpoint holds it. shared: it learns, and the target network
    reads the same body, with heads of its own. trained: it learns, and the target network has a copy."""
    forms: Annotated[int, at_least(1)] = 8
    """candidates: bilinear forms of an observation and an action's features, which a small network reads. The
    first of the hidden_sizes is that of this network, and of hidden units of the observation alone. soft:
    products of what is remembered and a word's vector."""
    dueling: bool = False
    """Dueling networks: learn the value of a state apart from the advantages of its actions."""
    from_folder: Annotated[str, A_FOLDER, tyro.conf.arg(name="from", metavar="DIR")] = ""
    """Begin with the weights of the model of the run in this folder, and with nothing else of it. The
    networks must match."""
    pretrain: Annotated[str, A_PRESET, tyro.conf.arg(metavar="PRESET")] = ""
    """Train by this preset first, with the same environment, network and seed, in the folder pretrain of the
    run's folder, and begin with the weights of that run."""


@dataclass(frozen=True, kw_only=True)
class LearningSettings(Settings):
    """Learner updates: how often, from how much, and towards what."""

    objective: Literal["td", "bc", "mc", "iql", "cql", "soft"] = "td"
    """What is learned: the Bellman equation (td, DQN's); the data's own actions (bc, behaviour cloning);
    returns to the episode's end instead of n steps (mc); or, from data, without overestimating what it does
    not contain: implicit Q-learning (iql) or conservative Q-learning (cql). Where actions are words, soft
    learns values above a language model that stays as it is (soft Q-learning with a prior policy); bc is what
    makes such a model. Both need a network that remembers."""
    soft_beta: Annotated[float, POSITIVE] = 0.1
    """soft acts by p * exp(Q / soft_beta), p being the language model: what a nat of difference from it
    costs,
    in units of the reward."""
    iql_expectile: Annotated[float, A_SHARE_WITHIN] = 0.7
    """IQL: a state's value is this expectile of its action values; the nearer to 1, the nearer to the value
    of the data's best action."""
    iql_beta: Annotated[float, NOT_NEGATIVE] = 3.0
    """IQL acts by log pi + iql_beta * (Q - V), pi being the policy cloned from the data."""
    cql_alpha: Annotated[float, NOT_NEGATIVE] = 1.0
    """CQL: weight of logsumexp(Q) - Q of the action taken, beside the loss of the TD error."""
    batch_size: Annotated[int, at_least(1)] = 128
    """Transitions per learner update; for networks that remember, episodes or windows."""
    learn_period: Annotated[int, at_least(1, "environment step")] = 2
    """Environment steps from one round of learner updates to the next."""
    learn_updates: Annotated[int, at_least(1, "learner update")] = 1
    """Learner updates in each round."""
    prefetch: Annotated[int | None, A_COUNT_OR_NONE] = None
    """Batches that a thread draws ahead of the learner; by default 2 with a GPU, which then waits for none,
    and 0 on the CPU. A batch drawn ahead misses the latest steps and, in prioritised replay, the priorities
    of as many learner updates (with a GPU of one more, since TD errors are read one update later)."""
    learning_starts: Annotated[int, at_least(1, "environment step")] = 1_000
    """Environment steps stored before the first learner update."""
    gamma: Annotated[float, A_SHARE] = 0.99
    """Discount factor per environment step."""
    n_step: Annotated[int, at_least(1, "environment step")] = 3
    """Environment steps whose rewards are summed before bootstrapping."""
    clip_rewards: bool = False
    """Learn from rewards clipped to [-1, 1], as DQN does on Atari. Metrics and evaluations report the
    environment's own returns."""
    double: bool = True
    """Double DQN: the Q-network chooses the next action, and the target network values it."""
    value_rescaling: bool = False
    """Learn values on a scale like that of a square root, as R2D2, so that returns of any size suit one
    learning rate."""
    loss: Literal["huber", "mse"] = "huber"
    """Loss of a sample's TD error."""
    huber_delta: Annotated[float, POSITIVE] = 1.0
    """TD error at which the Huber loss turns from a parabola into a line."""


@dataclass(frozen=True, kw_only=True)
class OptimizerSettings(Settings):
    """How the network's weights move."""

    optimizer: Literal["adam", "rmsprop"] = "adam"
    """Adam, or centred RMSProp, with which DQN was published."""
    learning_rate: Annotated[float, POSITIVE] = 1e-3
    """The learning rate at the first environment step."""
    learning_rate_end: Annotated[float, NOT_NEGATIVE] = 0.0
    """The learning rate at the last environment step; in between it changes linearly. At 0 the agent comes to
    rest, instead of ending with whichever policy the last noisy updates left behind."""
    adam_eps: Annotated[float, POSITIVE] = 1e-4
    """Added to the denominator of Adam's step. PyTorch's own default is 1e-8; a larger value keeps gradients
    that have become small from turning into full steps."""
    rmsprop_eps: Annotated[float, POSITIVE] = 0.01
    """Added to the denominator of RMSProp's step."""
    rmsprop_momentum: Annotated[float, A_SHARE_BELOW_1] = 0.0
    """RMSProp: share of the last step that is repeated; steps become 1 / (1 - momentum) times as long."""
    max_grad_norm: Annotated[float, A_NORM] = 10.0
    """Largest norm of the gradient; longer gradients are shortened to it. inf turns this off."""


@dataclass(frozen=True, kw_only=True)
class TargetSettings(Settings):
    """The target network, which the bootstrap values come from."""

    target: Literal["soft", "hard"] = "soft"
    """How the target network follows: a small step after every learner update (soft), or a copy now and then
    (hard)."""
    tau: Annotated[float, A_SHARE_ABOVE_0] = 0.005
    """Soft target: share of the way to the Q-network in one learner update."""
    target_update_period: Annotated[int, at_least(1, "learner update")] = 500
    """Hard target: learner updates from one copy to the next."""
