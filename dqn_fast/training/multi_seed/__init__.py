"""Several runs of one configuration that differ in their seed, side by side."""

from dqn_fast.training.multi_seed.outcome import Group, Outcome
from dqn_fast.training.multi_seed.run import default_jobs, is_group, resume_group, train_group

__all__ = ["Group", "Outcome", "default_jobs", "is_group", "resume_group", "train_group"]
