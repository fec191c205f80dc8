"""Whole trainings by each contender, a process each: `python -m trainings.NAME JOB`, a `job.Job` as JSON."""
