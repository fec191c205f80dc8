"""Several runs of one configuration that differ in their seed alone: side by side, and what became of them.

Here belongs what knows of more than one run at a time. A single run knows nothing of it.
"""

from dqn_fast.training.multi_seed.result import MultiSeedResult, Outcome
from dqn_fast.training.multi_seed.run import default_jobs, holds_seeds, resume_seeds, train_seeds

__all__ = ["MultiSeedResult", "Outcome", "default_jobs", "holds_seeds", "resume_seeds", "train_seeds"]
