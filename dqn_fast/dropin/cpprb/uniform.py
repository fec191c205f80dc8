"""cpprb's uniform buffer, on which the prioritised one builds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from dqn_fast.checks import at_least
from dqn_fast.dropin.cpprb.env_dict import NOTHING, Field, names_of, spaces_of, unwrapped
from dqn_fast.dropin.cpprb.nstep import NStepWindow
from dqn_fast.replay import ReplayBuffer as _ReplayBuffer

Rows = dict[str, Any]  # arrays by name, of one length
FORMAT_VERSION = 1  # of cpprb's files


class ReplayBuffer:
    """A uniform replay buffer (Lin, 1992) for transitions that `env_dict` describes.

    Args:
        size: transitions to hold.
        env_dict: `{name: {"shape": ..., "dtype": ...}}`; a missing shape is 1, a missing dtype
            `default_dtype`.
        next_of: names whose next values are stored, too, as `"next_" + name`. Give transitions in order:
            others take more memory, and a warning comes when it runs out.
        stack_compress: names of stacks of frames along the last axis, whose next values are stored, too; each
            frame is stored once.
        default_dtype: dtype of values without one; None for `np.single`.
        Nstep: store n-step returns: `{"size": n, "rew": names, "gamma": 0.99, "next": names}`. Then `next_of`
            and `stack_compress` save nothing.
        mmap_prefix: must be None.
        options: those of `PrioritizedReplayBuffer`; ignored here.

    Raises:
        KeyError: if an option names a value that `env_dict` lacks, or `Nstep` comes without `"done"`.
        NotImplementedError: if `mmap_prefix` is not None.
        TypeError: if a dtype is not numeric, or an option is unknown.
        ValueError: if `size` is less than 1, or `env_dict` is empty.
    """

    def __init__(
        self,
        size: float,
        env_dict: dict[str, dict[str, Any]] | None = None,
        *,
        next_of: str | Iterable[str] | None = None,
        stack_compress: str | Iterable[str] | None = None,
        default_dtype: Any = None,
        Nstep: dict[str, Any] | None = None,
        mmap_prefix: str | None = None,
        **options: Any,
    ) -> None:
        if unknown := options.keys() - {"alpha", "eps", "check_for_update"}:
            raise TypeError(f"options: got {sorted(unknown)}, expected those of cpprb's buffers")
        if mmap_prefix is not None:
            raise NotImplementedError(
                f"mmap_prefix: got {mmap_prefix!r}, expected None, for the buffer cannot be a file; "
                "next_of and stack_compress make it smaller"
            )
        if not env_dict:
            raise ValueError(f"env_dict: got {env_dict!r}, expected the values of a transition")
        self._size = at_least("size", int(size), 1)
        fields = {name: Field(spec, default_dtype or np.single) for name, spec in env_dict.items()}
        declared, stacks = names_of(next_of), names_of(stack_compress)
        fields |= {f"next_{name}": fields[name] for name in declared}
        self._fields = fields
        self._nexts = {
            name: f"next_{name}"
            for name, field in fields.items()
            if not name.startswith("next_") and field == fields.get(f"next_{name}")
        }
        self._extras = [name for name in fields if name not in {*self._nexts, *self._nexts.values()}]
        self._counted = min(fields, key=lambda name: fields[name].size)  # its values tell the number of rows
        self._nstep = NStepWindow(Nstep, fields) if Nstep else None
        frames = {name: fields[name].shape[-1] for name in stacks if name in self._nexts and not self._nstep}
        for name in frames:
            fields[name].make_stack()
        in_order = (bool(declared) or bool(frames)) and not self._nstep
        self._buffer = self._make(
            self._size,
            spaces_of({name: fields[name] for name in self._nexts}),
            Field({"shape": ()}, np.int8).space,  # a constant, because cpprb's actions are extra fields here
            extra_fields={f"_{name}": (fields[name].core_shape, fields[name].dtype) for name in self._extras},
            frame_stack=frames if len(self._nexts) > 1 else unwrapped(frames or {"": 1}),
            reserve=None if in_order else 1.0,
            seed=int(np.random.randint(2**63)),  # noqa: NPY002  # cpprb draws from there
        )
        self._added = self._episode_len = 0

    def _make(self, *args: Any, **options: Any) -> _ReplayBuffer:
        return _ReplayBuffer(*args, **options)

    def add(self, **kwargs: Any) -> int | None:
        """Add a transition, or many, as arrays with a first axis of one length. Unknown names are ignored.

        Returns:
            The position of the first transition in a ring of `size`; None if it waits for its n-step return.

        Raises:
            KeyError: if a value is missing.
            TypeError: if a value is of another kind.
            ValueError: if a shape differs.
        """
        return self._add(kwargs, None)

    def _add(self, values: Rows, priorities: Any) -> int | None:
        if self._nstep is None:
            count = self._count(values)
            if count == 1:
                return self._store_one(values, priorities)
            return self._store(self._table(values, count), count, priorities)
        rows = self._table(values, self._count(values))
        if priorities is not None:
            rows["priorities"] = priorities
        return self._flush(self._nstep.add(rows))

    def _count(self, values: Rows) -> int:
        value = values[self._counted]
        if type(value) is float or type(value) is int:
            return 1
        return int(np.size(value)) // max(self._fields[self._counted].size, 1)

    def _table(self, values: Rows, count: int) -> Rows:
        """Return the values as arrays with `count` rows."""
        return {name: field.rows(name, values[name], count) for name, field in self._fields.items()}

    def _store_one(self, values: Rows, priorities: Any) -> int:
        fields = self._fields
        obs = {name: fields[name].one(name, values[name]) for name in self._nexts}
        after = {name: fields[name].one(f"next_{name}", values[f"next_{name}"]) for name in self._nexts}
        extra = {f"_{name}": fields[name].one(name, values[name]) for name in self._extras}
        priority = None if priorities is None else float(priorities[0])
        if not obs:
            obs = after = NOTHING
        self._buffer.add(unwrapped(obs), 0, 0.0, unwrapped(after), False, priority=priority, **extra)
        return self._stored(1)

    def _store(self, rows: Rows, count: int, priorities: Any) -> int:
        fields = self._fields
        obs = {name: fields[name].core(rows[name]) for name in self._nexts}
        after = {name: fields[name].core(rows[f"next_{name}"]) for name in self._nexts}
        extra = {f"_{name}": fields[name].core(rows[name]) for name in self._extras}
        if not obs:
            obs = after = dict.fromkeys(NOTHING, np.zeros(count, np.int8))
        self._buffer.extend(
            unwrapped(obs),
            np.zeros(count, np.int8),
            np.zeros(count, np.float32),
            unwrapped(after),
            np.zeros(count, np.bool_),
            priority=priorities,
            **extra,
        )
        return self._stored(count)

    def _stored(self, count: int) -> int:
        position = self._added % self._size
        self._added += count
        self._episode_len += count
        return position

    def _flush(self, rows: Rows | None) -> int | None:
        if rows is None:
            return None
        priorities = rows.pop("priorities", None)
        return self._store(rows, len(rows["done"]), priorities)

    def sample(self, batch_size: int) -> Rows:
        """Draw transitions with replacement.

        Returns:
            An array per value, in its dtype and of shape (B, *shape).

        Raises:
            ValueError: if the buffer is empty.
        """
        return self._rows_of(self._buffer.sample(batch_size))

    def _rows_of(self, batch: Any) -> Rows:
        one = len(self._nexts) == 1
        rows = {}
        for name, field in self._fields.items():
            if name in self._nexts:
                values = batch.obs if one else batch.obs[name]
            elif name[5:] in self._nexts and name.startswith("next_"):
                field = self._fields[name[5:]]
                values = batch.next_obs if one else batch.next_obs[name[5:]]
            else:
                values = batch.extra[f"_{name}"]
            rows[name] = field.restored(values)
        return rows

    def get_all_transitions(self, shuffle: bool = False) -> Rows:
        """Return all transitions, by their position in the ring, or in random order."""
        if not len(self._buffer):
            return {name: np.empty((0, *field.shape), field.dtype) for name, field in self._fields.items()}
        rows = self._rows_of(self._buffer.transitions())
        held = len(self._buffer)
        order = np.random.permutation(held) if shuffle else np.arange(held)  # noqa: NPY002  # as cpprb
        if held == self._size and not shuffle:
            order = np.roll(order, self._added % self._size)
        return {name: values[order] for name, values in rows.items()}

    def save_transitions(self, file: Any, *, safe: bool = True) -> None:
        """Write all transitions to a file in cpprb's format; `safe` is ignored, and always True."""
        np.savez_compressed(
            file,
            safe=True,
            version=FORMAT_VERSION,
            data=np.array(self.get_all_transitions(), object),
            Nstep=self.is_Nstep(),
            cache=np.array(None),
            next_of=np.array(None),
        )

    def load_transitions(self, file: Any) -> None:
        """Add the transitions of a file that this `save_transitions`, or cpprb's, wrote.

        The file holds a pickle: never load one that you do not trust.

        Raises:
            ValueError: if the file is of another version or not safe, or only one of file and buffer has
                n-step returns.
        """
        with np.load(file, allow_pickle=True) as data:
            if data["version"] != FORMAT_VERSION or not data["safe"]:
                raise ValueError(
                    f"file: got version {data['version']}, expected {FORMAT_VERSION}, saved with safe=True"
                )
            if bool(data["Nstep"]) != self.is_Nstep():
                raise ValueError(
                    f"file: got Nstep {data['Nstep']}, expected {self.is_Nstep()} as of this buffer"
                )
            values = data["data"].item()
        count = self._count(values)
        if count:
            self._store(self._table(values, count), count, None)

    def on_episode_end(self) -> None:
        """End the episode. With `Nstep`, its last steps get returns over the steps that are left."""
        if self._nstep is not None:
            self._flush(self._nstep.finish())
        self._episode_len = 0

    def clear(self) -> None:
        """Remove all transitions."""
        self._buffer.clear()
        self._added = self._episode_len = 0
        if self._nstep is not None:
            self._nstep.finish()

    def get_stored_size(self) -> int:
        """Return the number of transitions held."""
        return len(self._buffer)

    def get_buffer_size(self) -> int:
        """Return the number of transitions that it can hold."""
        return self._size

    def get_next_index(self) -> int:
        """Return the position in the ring that the next transition gets."""
        return self._added % self._size

    def get_current_episode_len(self) -> int:
        """Return the number of transitions stored since the last `on_episode_end`."""
        return self._episode_len

    def is_Nstep(self) -> bool:
        """Return whether it stores n-step returns."""
        return self._nstep is not None
