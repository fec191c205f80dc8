"""The commands about finished runs, and the list of presets; see `runs` for the others."""

from __future__ import annotations

import secrets
import shutil
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import tyro

from dqn_fast.cli.runs import INTERRUPTED, resume
from dqn_fast.errors import SettingError
from dqn_fast.training.presets import PRESETS
from dqn_fast.training.settings.keywords import words_of

Device = Annotated[str | None, tyro.conf.arg(metavar="NAME")]

_WIDTH = 75  # of text, in columns
_NO_BREAK = "\N{NO-BREAK SPACE}"


def presets() -> int:
    """List the presets: their environments, and the settings that differ from the defaults."""
    for name, preset in PRESETS.items():
        settings = [_argument(*item).replace(" ", _NO_BREAK) for item in preset.settings.items()]
        sys.stdout.write(f"{name}\n")
        for text in (", ".join(preset.env_ids), " ".join(settings) or "(the defaults)"):
            for line in textwrap.wrap(text, _WIDTH, break_on_hyphens=False):
                sys.stdout.write(f"    {line.replace(_NO_BREAK, ' ')}\n")
    return 0


def _argument(name: str, value: Any) -> str:
    option = name.replace("_", "-")
    if isinstance(value, bool):
        return f"--{option}" if value else f"--no-{option}"
    if isinstance(value, dict):
        value = tuple(words_of(value))
    return " ".join([f"--{option}", *map(str, value if isinstance(value, tuple) else (value,))])


def evaluate(
    folder: Annotated[Path, tyro.conf.arg(metavar="DIR"), tyro.conf.Positional],
    episodes: Annotated[int | None, tyro.conf.arg(metavar="INT")] = None,
    seed: Annotated[int | None, tyro.conf.arg(metavar="INT")] = None,
    device: Device = None,
) -> int:
    """Evaluate the agent of a run (ε = 0): by default as at its end, on the same episodes.

    Args:
        folder: Folder of the run.
        episodes: Number of episodes; by default that of the run.
        seed: Seed of the first episode; the next one has this number + 1. By default that of the run.
        device: Device on which the network acts, such as cpu or cuda; by default the run's own.
    """
    from dqn_fast.training.run import evaluate_run

    evaluation = evaluate_run(folder, episodes=episodes, seed=seed, device=device)
    if evaluation is None:
        sys.stderr.write("dqn-fast: interrupted before the evaluation was complete\n")
        return INTERRUPTED
    sys.stdout.write(f"{evaluation}\n")
    return 0


def video(
    folder: Annotated[Path, tyro.conf.arg(metavar="DIR"), tyro.conf.Positional],
    episodes: int = 1,
    fps: Annotated[float | None, tyro.conf.arg(metavar="FLOAT")] = None,
    device: Device = None,
) -> int:
    """Record the agent of a run (ε = 0) as video.mp4 in its folder; an older video is replaced.

    Args:
        folder: Folder of the run.
        episodes: Number of episodes, from the first of the evaluation on.
        fps: Frames per second, with one frame for each environment step; by default the environment's own
            rate.
        device: Device on which the network acts, such as cpu or cuda; by default the run's own.
    """
    from dqn_fast.training.evaluation.video import record_video
    from dqn_fast.training.reports import EpisodesProgress
    from dqn_fast.training.run_folder.model import load_config

    with EpisodesProgress("filming", episodes) as progress:
        film = record_video(
            folder, load_config(folder, device=device), episodes=episodes, fps=fps, on_episode=progress
        )
    sys.stdout.write(f"{film}\nsaved as {film.path}\n")
    return 0


def chat(
    folder: Annotated[Path, tyro.conf.arg(metavar="DIR"), tyro.conf.Positional],
    language: Annotated[str | None, tyro.conf.arg(metavar="NAME")] = None,
    seed: Annotated[int | None, tyro.conf.arg(metavar="INT")] = None,
    device: Device = None,
) -> int:
    """Talk with the agent of a run (ε = 0), taking the simulated user's place.

    Args:
        folder: Folder of the run; its environment must talk, such as dqn_fast/MovieTicket-v0.
        language: Language to talk in, such as en or zh; by default the environment's own.
        seed: Seed of the episode, and so of the goal that is shown as an example; by default a new one.
        device: Device on which the network acts, such as cpu or cuda; by default the run's own.
    """
    from dqn_fast.training.evaluation.conversation import converse
    from dqn_fast.training.run_folder.model import load_config

    seed = _seed(seed)
    converse(folder, load_config(folder, device=device), input, print, language=language, seed=seed)
    return 0


def _seed(seed: int | None) -> int:
    """Return a seed that was asked for, or a new one."""
    if seed is not None and not 0 <= seed < 2**31:
        raise SettingError("seed", seed, "at least 0 and below 2**31")
    return secrets.randbelow(2**31) if seed is None else seed


def write(
    folder: Annotated[Path, tyro.conf.arg(metavar="DIR"), tyro.conf.Positional],
    prompt: str = "",
    n: int = 5,
    seed: Annotated[int | None, tyro.conf.arg(metavar="INT")] = None,
) -> int:
    """Write sentences by the model of a run of dqn_fast/Writer-v0, each behind its reward.

    Args:
        folder: Folder of the run.
        prompt: First words of every sentence.
        n: Number of sentences.
        seed: Seed of what is drawn; by default a new one.
    """
    from dqn_fast.training.evaluation.writing import write_sentences
    from dqn_fast.training.run_folder.model import load_config

    seed = _seed(seed)
    for sentence in write_sentences(folder, load_config(folder), prompt, n, seed):
        sys.stdout.write(f"{sentence}\n")
    return 0


def rate(
    folders: Annotated[tuple[Path, ...], tyro.conf.arg(metavar="DIR ..."), tyro.conf.Positional],
    episodes: int = 10,
    seed: Annotated[int | None, tyro.conf.arg(metavar="INT")] = None,
    rater: Annotated[str, tyro.conf.arg(metavar="NAME")] = "",
    epsilon: float = 0.0,
    device: Device = None,
) -> int:
    """Give marks to what the agents of runs say, without knowing which of them said it.

    Texts come in random order. Each mark is stored at once, in ratings.jsonl in the folder of the agent.
    Ctrl-D ends the rating, and the same command goes on with it. At the end, each agent's mean mark is shown
    with its 95 % interval. `dqn-fast train ENV --from DIR --ratings DIR` learns from the marks.

    Args:
        folders: Folders of runs of one environment, which must tell its episodes in words, such as
            dqn_fast/MovieTicket-v0.
        episodes: Texts of each agent. All agents play the same episodes.
        seed: Seed of the first episode; the next one has this number + 1. By default that of the first run's
            evaluation.
        rater: Your name, if several people rate. A text that several have rated counts with the mean.
        epsilon: Probability of a random action at each step, so that texts differ more: what is to be learned
            from takes good and bad ones.
        device: Device on which the networks act, such as cpu or cuda; by default the runs' own.
    """
    from dqn_fast.training.evaluation.marks import marks_of
    from dqn_fast.training.evaluation.rating import rate as ask
    from dqn_fast.training.evaluation.rating import unrated_texts
    from dqn_fast.training.reports import EpisodesProgress
    from dqn_fast.training.run_folder.layout import RATINGS
    from dqn_fast.training.run_folder.model import load_config

    if not folders:
        raise SettingError("folders", "none", "a folder of a run")
    runs = {folder: load_config(folder, device=device) for folder in folders}
    with EpisodesProgress("playing", episodes * len(runs)) as progress:
        texts = unrated_texts(
            runs, episodes=episodes, seed=seed, rater=rater, epsilon=epsilon, on_episode=progress
        )
    if not texts:
        sys.stderr.write(
            "dqn-fast: all of these texts are rated; for more: --episodes, --seed or --epsilon\n"
        )
    status = 0
    try:
        ask(texts, input, print)
    except KeyboardInterrupt:
        status = INTERRUPTED
    sys.stdout.write("\n")
    for folder in runs:
        sys.stdout.write(f"{folder}: {marks_of(folder, epsilon)}, in {folder / RATINGS}\n")
    return status


def watch(
    folder: Annotated[Path, tyro.conf.arg(metavar="DIR"), tyro.conf.Positional],
    episodes: int = 1,
    seed: Annotated[int | None, tyro.conf.arg(metavar="INT")] = None,
    fps: Annotated[float | None, tyro.conf.arg(metavar="FLOAT")] = None,
    device: Device = None,
) -> int:
    """Show the agent of a run (ε = 0) while it plays: in a window, or without a screen in the terminal.

    Args:
        folder: Folder of the run.
        episodes: Number of episodes.
        seed: Seed of the first episode; the next one has this number + 1. By default that of the run's
            evaluation.
        fps: Steps per second in the terminal; by default the environment's own rate.
        device: Device on which the network acts, such as cpu or cuda; by default the run's own.
    """
    from dqn_fast.training.evaluation.watch import watch as show
    from dqn_fast.training.run_folder.model import load_config

    size = shutil.get_terminal_size()
    returns = show(
        folder,
        load_config(folder, device=device),
        episodes=episodes,
        seed=seed,
        fps=fps,
        size=size,
        write=_write,
    )
    sys.stdout.write(f"return {', '.join(f'{one:.1f}' for one in returns)} (ε = 0)\n")
    return 0


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def table(
    folders: Annotated[tuple[Path, ...], tyro.conf.arg(metavar="DIR ..."), tyro.conf.Positional] = (
        Path("runs"),
    ),
) -> int:
    """Print a Markdown table of finished runs, with mean ± standard deviation over seeds.

    Runs with equal environment, steps and settings share a line. Interrupted runs are left out.

    Args:
        folders: Folders of runs, or any folders above them.
    """
    from dqn_fast.training.run_folder.finished import by_settings, find_runs
    from dqn_fast.training.run_folder.table import markdown

    runs, interrupted = find_runs(folders)
    for folder in interrupted:
        sys.stderr.write(f"dqn-fast: left out, since interrupted: {folder}\n")
    sys.stdout.write(markdown(by_settings(runs)))
    return 0


#: All commands but `train`, whose options depend on the preset, in the order of the help.
COMMANDS: dict[str, Callable[..., int]] = {
    "resume": resume,
    "evaluate": evaluate,
    "video": video,
    "watch": watch,
    "chat": chat,
    "write": write,
    "rate": rate,
    "table": table,
    "presets": presets,
}
