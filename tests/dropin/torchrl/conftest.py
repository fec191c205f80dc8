from dropin.torchrl.naive_trees import theirs

__all__ = ["theirs"]
