"""Several runs of one configuration with different seeds, side by side.

Everything that knows more than one run at a time is here. A single run does not know it.
"""

from dqn_fast.training.multi_seed.result import MultiSeedResult, Outcome
from dqn_fast.training.multi_seed.run import default_jobs, holds_seeds, resume_seeds, train_seeds

__all__ = ["MultiSeedResult", "Outcome", "default_jobs", "holds_seeds", "resume_seeds", "train_seeds"]
