"""The users of a block: who they are, whatever the day."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dauexp.randomness import Purpose, generator
from dauexp.traffic.parameters import Traffic
from dauexp.traffic.useragent import catalogue

_HEX = np.frombuffer(b"0123456789abcdef", np.uint8)


@dataclass(frozen=True)
class Population:
    """The users of one block, in arrays by user, and their devices, in arrays by device.

    Days are offsets from the run's first day. A user lives on the days joined <= day < left; the
    devices of user i are those from `first_device[i]` to `first_device[i] + devices[i] - 1`.
    """

    propensity: npt.NDArray[np.float64]
    joined: npt.NDArray[np.int32]
    left: npt.NDArray[np.int32]
    utc_offset: npt.NDArray[np.int8]
    devices: npt.NDArray[np.uint8]
    first_device: npt.NDArray[np.int32]
    user_agent: npt.NDArray[np.int32]
    """By device: row of the catalogue of user agents."""
    uids: pa.Array
    device_ids: pa.Array

    def __len__(self) -> int:
        return len(self.propensity)


def cumulative(weights: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Weights as a cumulative distribution that ends in 1 exactly."""
    total: npt.NDArray[np.float64] = np.cumsum(np.asarray(weights, float))
    if total[-1] <= 0:
        return np.linspace(1 / len(total), 1, len(total))
    return np.asarray(total / total[-1])


def pick(weights: npt.ArrayLike, uniform: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Draws of an index by weight, from uniform numbers in [0, 1)."""
    return np.asarray(np.searchsorted(cumulative(weights), uniform, side="right"))


def population(traffic: Traffic, seed: int, block: int) -> Population:
    """The users of a block, decided by the seed, the block and the parameters alone."""
    size = min(traffic.block_users, traffic.users - block * traffic.block_users)
    random = generator(seed, Purpose.POPULATION, block)
    initial = random.random(size) < traffic.churn.initial_share
    joined = np.where(initial, -traffic.earlier_days, random.integers(0, traffic.days, size))
    devices = 1 + pick(traffic.devices.shares, random.random(size))
    propensity = random.beta(traffic.activity.alpha, traffic.activity.beta, size)
    left = joined + _lifetime(traffic.churn.daily_leave, random.random(size))
    time_zone = pick(traffic.clock.weights, random.random(size))
    uids = _hex_ids(random, size)
    total = int(devices.sum())
    user_agent = pick(catalogue()["weight"].to_numpy(), random.random(total))
    return Population(
        propensity=propensity,
        joined=joined.astype(np.int32),
        left=left.astype(np.int32),
        utc_offset=np.asarray(traffic.clock.offsets, np.int8)[time_zone],
        devices=devices.astype(np.uint8),
        first_device=(np.cumsum(devices) - devices).astype(np.int32),
        user_agent=user_agent.astype(np.int32),
        uids=uids,
        device_ids=_hex_ids(random, total),
    )


def _lifetime(hazard: float, uniform: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Days lived, at least one: geometric with the given hazard, for ever where it is 0."""
    forever = 1 << 24
    if hazard == 0:
        return np.full(len(uniform), forever)
    days = 1 + np.floor(np.log1p(-uniform) / np.log1p(-hazard))
    return np.asarray(np.minimum(days, forever), np.int64)


def _hex_ids(random: np.random.Generator, count: int) -> pa.Array:
    """`count` ids of 32 random hex digits, as FxA's uids are, in a text array."""
    raw = np.frombuffer(random.bytes(16 * count), np.uint8)
    digits = np.empty(32 * count, np.uint8)
    digits[0::2] = _HEX[raw >> 4]
    digits[1::2] = _HEX[raw & 15]
    offsets = np.arange(0, 32 * count + 1, 32, dtype=np.int32)
    return pa.StringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(digits))
