"""Pretrained bodies: BERT, GPT-2 and XLNet by Hugging Face's transformers, under the heads of a Q-network.

`loading` reads one from a folder, or from the hub by its name. `causal` reads an episode a token at a time,
with transformers' key-value cache; `whole` reads the text of each observation from its first token on.
`word_vectors` are for words that are no tokens of the body.
"""

from dqn_fast.agent.networks.pretrained.causal import CausalBody
from dqn_fast.agent.networks.pretrained.loading import Pretrained, load_pretrained
from dqn_fast.agent.networks.pretrained.whole import WholeTextReader
from dqn_fast.agent.networks.pretrained.word_vectors import word_vectors

__all__ = ["CausalBody", "Pretrained", "WholeTextReader", "load_pretrained", "word_vectors"]
