"""The preset of the T-maze: memory reaches every goal, which nothing without memory does."""

from __future__ import annotations

from pathlib import Path

from dqn_fast.agent import DQN
from dqn_fast.training import MetricsRow, StopTraining, build_env, evaluate, preset_of, train

IN_A_ROW = 5


def test_the_maze_is_solved(tmp_path: Path) -> None:
    """Two episodes evaluate it exactly; without memory it is 0.5 at most (`tasks.test_tmaze`)."""
    config = preset_of("dqn_fast/TMaze-v0")
    env, successes = build_env(config), [0.0]

    def check(row: MetricsRow, agent: DQN) -> None:
        evaluation = evaluate(agent.q_net, env, 2, 0)
        assert evaluation is not None
        successes.append(evaluation.mean)
        if successes[-IN_A_ROW:] == [1.0] * IN_A_ROW:
            raise StopTraining

    run = train(config, tmp_path, observers=[check])
    assert successes[-IN_A_ROW:] == [1.0] * IN_A_ROW
    assert run.result.eval_return_mean == 1.0
    assert run.result.steps <= 1_500 * 11
