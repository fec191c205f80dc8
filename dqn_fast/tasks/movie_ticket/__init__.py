"""Cinema tickets by dialogue (TC-Bot; Li et al., 2017).

`dialog` says what acts and goals are; `domain`, `domain_files` and `tc_bot_files` which slots, rows and
goals there are, and where they are read from. `data/` has our own, and the words of each language. `user` and
`error_model` are the simulated side, `person` and `listener` a person in its place; `state` and
`knowledge_base` the agent's side. `words` and `transcript` make sentences of acts; `baselines` do not learn.
"""

from dqn_fast.tasks.movie_ticket.baselines import RandomAgent, RuleAgent
from dqn_fast.tasks.movie_ticket.domain import DialogDomain
from dqn_fast.tasks.movie_ticket.domain_files import read_domain
from dqn_fast.tasks.movie_ticket.env import MovieTicket

__all__ = ["DialogDomain", "MovieTicket", "RandomAgent", "RuleAgent", "read_domain"]
