"""Q-networks: an encoder of observations, a body, a head, and the meaning of its outputs.

Those that remember (`SequenceNetwork`) take windows of steps for observations. `windows` says what these are,
`recurrent` and `gpt` are the models that remember, and `language` reads and predicts words by them.
`candidates` score actions that are described by features.
`tokens` are texts in observations, and a `token_network` reads episodes that are texts; `pretrained` bodies
read either, and `held` says whether they learn.
"""

from dqn_fast.agent.networks.action_mask import legal_actions
from dqn_fast.agent.networks.candidates import CandidateNetwork, make_candidate_net
from dqn_fast.agent.networks.gpt import GPT
from dqn_fast.agent.networks.heads import ImplicitOutputs, ImplicitValues
from dqn_fast.agent.networks.image_encoder import (
    DATA_EFFICIENT,
    MINATAR,
    NATURE,
    Conv,
    ImageEncoder,
    SmallImageError,
)
from dqn_fast.agent.networks.language import LanguageModel, LanguageNetwork, make_language_net
from dqn_fast.agent.networks.layers import make_mlp
from dqn_fast.agent.networks.make import make_q_net
from dqn_fast.agent.networks.make_sequence import make_sequence_net
from dqn_fast.agent.networks.own import q_net_of_own, try_q_net
from dqn_fast.agent.networks.prior import PriorAlone, PriorOutputs, PriorValues
from dqn_fast.agent.networks.q_network import QNetwork
from dqn_fast.agent.networks.recurrent import Recurrent
from dqn_fast.agent.networks.representation import Representation, Scalar
from dqn_fast.agent.networks.sequence_network import SequenceModel, SequenceNetwork
from dqn_fast.agent.networks.token_network import TokenNetwork, make_token_net
from dqn_fast.agent.networks.windows import BurnIn, Cells, Inputs, State, Window

__all__ = [
    "DATA_EFFICIENT",
    "GPT",
    "MINATAR",
    "NATURE",
    "BurnIn",
    "CandidateNetwork",
    "Cells",
    "Conv",
    "ImageEncoder",
    "ImplicitOutputs",
    "ImplicitValues",
    "Inputs",
    "LanguageModel",
    "LanguageNetwork",
    "PriorAlone",
    "PriorOutputs",
    "PriorValues",
    "QNetwork",
    "Recurrent",
    "Representation",
    "Scalar",
    "SequenceModel",
    "SequenceNetwork",
    "SmallImageError",
    "State",
    "TokenNetwork",
    "Window",
    "legal_actions",
    "make_candidate_net",
    "make_language_net",
    "make_mlp",
    "make_q_net",
    "make_sequence_net",
    "make_token_net",
    "q_net_of_own",
    "try_q_net",
]
