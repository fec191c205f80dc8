"""Cinema tickets by dialogue: domain, user, error model, knowledge base, state, baselines, environment."""

from dqn_fast.tasks.movie_ticket.baselines import RandomAgent, RuleAgent
from dqn_fast.tasks.movie_ticket.domain import DialogDomain
from dqn_fast.tasks.movie_ticket.domain_files import read_domain
from dqn_fast.tasks.movie_ticket.env import MovieTicket

__all__ = ["DialogDomain", "MovieTicket", "RandomAgent", "RuleAgent", "read_domain"]
