"""Learn on a GPU, and see whether it is kept busy: `python bench/gpu/compare_gpu.py --json gpu.json`.

First the same updates on the CPU and on the GPU. Then updates per second of DQN's network on stacks of 4 x 84
x 84, with and without batches drawn ahead, CUDA graphs, bfloat16, and each frame sent once instead of whole
stacks; and how much longer a loop takes than with a batch that is already there. Beside it CleanRL's update
with its own kind of buffer, and with SB3's and torchrl's where these are installed. Then how long actions
take, on the device and by a copy of the weights. Last, Pong against the clock, where ale-py and Gymnasium
are.

It needs PyTorch and NumPy alone. With its default sizes it takes less than eight minutes.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import spaces_alone
import torch

sys.path.append(str(Path(__file__).parents[1]))  # for what bench/'s folders share

from readme_parts import Part

PART = Part("gpu", "python bench/gpu/compare_gpu.py --readme bench/README.md")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return 1 if the device computes something else than the CPU."""
    options = _options(arguments)
    for wheel in sorted(options.wheels.glob("*.whl")) if options.wheels else ():
        sys.path.append(str(wheel))  # of Python alone: others must be unpacked
    spaces_alone.install()
    os.environ.setdefault("RL_LOGGING_LEVEL", "WARNING")  # of torchrl, which writes to where the table goes
    found = measure(options)
    text = report(found)
    sys.stdout.write(text)
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    if options.readme:
        PART.write(options.readme, text)
    return 0 if all(one["is_small"] for one in found["correctness"]) else 1


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Measure everything that is asked for; return it as JSON knows it."""
    # Here, since spaces may be ours.
    import acting
    import learning_loops as loops
    import pong
    import rival_buffers as rivals
    from correctness import compare
    from workload import full_buffer

    torch.set_num_threads(options.threads)
    device, hidden = torch.device(options.device), options.hidden
    found: dict[str, Any] = {"machine": _machine(device), "options": _plain(vars(options))}
    _say(f"filling a memory of {options.capacity:,} transitions")
    buffer = full_buffer(options.capacity)
    found["correctness"] = []
    for graph in (False, True):
        difference = compare(
            buffer, device, hidden, updates=options.updates, batch_size=options.batch_sizes[0], graph=graph
        )
        found["correctness"].append({"graph": graph, **difference._asdict(), "is_small": difference.is_small})
    speeds: list[loops.Speed] = []
    for batch_size in options.batch_sizes:
        for way in loops.WAYS:
            _say(f"batches of {batch_size}: ours, {way}")
            speeds.append(loops.ours(buffer, batch_size, way, device, hidden, options.seconds))
    for name in rivals.BUFFERS:
        if not rivals.is_installed(name):
            _say(f"left out, since it is not installed: {name}")
            continue
        sample = loops.make_sample(name, options.rival_capacity, device)
        for batch_size in options.batch_sizes:
            _say(f"batches of {batch_size}: {name}")
            speeds.append(loops.cleanrl(name, sample, batch_size, device, hidden, options.seconds))
        del sample  # its memory, before the next one takes as much
    found["speeds"] = [{**speed._asdict(), "frames_per_second": speed.frames_per_second} for speed in speeds]
    _say("acting, on the device and by a copy of the weights")
    found["acting"] = [
        one._asdict()
        for one in acting.compare(device, hidden, options.environments, options.seconds * acting.SHARE)
    ]
    found["pong"] = None
    if options.pong_seconds and pong.is_installed():
        found["pong"] = []
        sizes = {"num_envs": options.games, "learning_starts": options.learning_starts}
        for point in pong.play(device, hidden, options.pong_seconds, **sizes):
            _say(f"pong: {point}")
            found["pong"].append(point._asdict())
    return found


def report(found: dict[str, Any]) -> str:
    """Return what was found in words and as a table."""
    machine = found["machine"]
    lines = [
        f"{machine['device']}; {machine['processor']}, {machine['cores']} cores; PyTorch {machine['torch']},"
        f" NumPy {machine['numpy']}, Python {machine['python']}.",
        "",
    ]
    for one in found["correctness"]:
        lines.append(
            f"Against the CPU, {'with' if one['graph'] else 'without'} a graph: losses within"
            f" {one['loss']:.1e}, TD errors within {one['td_error']:.1e}, weights within {one['weights']:.1e}"
            f" of their way: {'the same' if one['is_small'] else 'NOT THE SAME'}."
        )
    lines += ["", *_table(found["speeds"]), "", *_acting_table(found["acting"]), ""]
    if found["pong"] is None:
        lines.append("Pong was left out: it needs ale-py and Gymnasium.")
    else:
        last = found["pong"][-1]
        score = "no episode" if last["return_mean"] is None else f"a return of {last['return_mean']:.1f}"
        lines.append(
            f"Pong, {last['seconds']:.0f} s: {score} (mean of 20 episodes, exploring),"
            f" {last['steps'] / last['seconds']:,.0f} steps/s, {last['updates'] / last['seconds']:,.0f}"
            " updates/s."
        )
    return "\n".join(lines) + "\n"


def _table(speeds: list[dict[str, Any]]) -> list[str]:
    lines = [
        "| batch | who | updates/s | frames/s | kB a row on the way | waits for the memory |",
        "|---:|---|---:|---:|---:|---:|",
    ]
    for one in sorted(speeds, key=lambda one: one["batch_size"]):
        waiting = "" if one["waiting"] is None else f"{100 * one['waiting']:.0f} %"
        size = "" if one["nbytes"] is None else f"{one['nbytes'] / one['batch_size'] / 1000:.1f}"
        lines.append(
            f"| {one['batch_size']} | {one['who']} | {one['updates_per_second']:,.1f}"
            f" | {one['frames_per_second']:,.0f} | {size} | {waiting} |"
        )
    return lines


def _acting_table(times: list[dict[str, Any]]) -> list[str]:
    head = "| network | environments | on the device, µs | by a copy, µs | after an update, µs | auto takes |"
    return [
        head,
        "|---|---:|---:|---:|---:|---|",
        *(
            f"| {one['network']} | {one['environments']} | {one['there']:,.0f} | {one['here']:,.0f}"
            f" | {one['after_update']:,.0f} | {one['auto']} |"
            for one in times
        ),
    ]


def _machine(device: torch.device) -> dict[str, Any]:
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
    return {
        "device": name,
        "processor": platform.processor() or platform.machine(),
        "cores": torch.multiprocessing.cpu_count(),
        "torch": torch.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
    }


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    default = "cuda" if torch.cuda.is_available() else "cpu"
    parser.add_argument("--device", default=default)
    parser.add_argument("--batch-sizes", type=int, nargs="+", default=[32, 256, 512])
    parser.add_argument("--seconds", type=float, default=4.0, help="of each line of the table")
    parser.add_argument("--capacity", type=int, default=200_000, help="transitions of our memory")
    parser.add_argument("--rival-capacity", type=int, default=20_000, help="of each rival's, 56 kB each")
    parser.add_argument("--hidden", type=int, default=512, help="units behind the convolutions")
    parser.add_argument("--updates", type=int, default=20, help="that are compared with the CPU's")
    parser.add_argument("--pong-seconds", type=float, default=180.0)
    parser.add_argument("--games", type=int, default=32, help="of Pong at once")
    parser.add_argument("--learning-starts", type=int, default=10_000, help="steps of Pong before that")
    parser.add_argument("--environments", type=int, nargs="+", default=[1, 8, 32, 128], help="that act")
    parser.add_argument("--threads", type=int, default=4, help="of PyTorch on the CPU")
    parser.add_argument("--wheels", type=Path, help="folder of pure Python wheels to import rivals from")
    parser.add_argument("--json", type=Path, help="file for everything that was measured")
    parser.add_argument("--readme", type=Path, help="file whose table is replaced")
    return parser.parse_args(arguments)


def _plain(options: dict[str, Any]) -> dict[str, Any]:
    return {name: str(value) if isinstance(value, Path) else value for name, value in options.items()}


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
