"""Raw ids become hashed ones, as Sync's token server makes them: no raw id goes further than here.

The construction is that of mozilla-services/tokenserver and syncstorage-rs: HMAC-SHA256 in hex, of
which the first 32 digits are kept; a device's hash is made from its user's hash and its own id.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections import OrderedDict
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dauexp.errors import BadInput
from dauexp.settings import Identity
from dauexp.tables import OBSERVATIONS
from dauexp.traffic.useragent import classify_column

Mode = Literal["per-device", "placeholder"]
"""What a device's hash is made from: its own id, or the constant PLACEHOLDER for all devices."""

PLACEHOLDER = "none"
"""The device id that Sync's token server puts in place of every device's own."""

_KEPT_BYTES = 16  # of the 32 of SHA-256: the first 32 hex digits


class Secret(bytes):
    """The key of the HMAC. Shows itself nowhere: neither in a traceback nor in a log."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "Secret(...)"

    __str__ = __repr__


def has_secret(identity: Identity) -> bool:
    """Whether a secret of one's own is given, by file or environment variable."""
    return identity.secret_file is not None or identity.secret_env in os.environ


def load_secret(identity: Identity, seed: int, *, simulated: bool) -> Secret:
    """The HMAC secret: of the file, else of the environment variable, else made from the seed.

    Line ends around the secret are no part of it. Only simulated traffic, whose users do not
    exist, may go by a secret made from the seed.

    Raises BadInput where the file cannot be read, a secret is empty, or own traffic has none.
    """
    path, variable = identity.secret_file, identity.secret_env
    if path is not None:
        try:
            secret = path.read_bytes().strip(b"\r\n")
        except OSError as error:
            raise BadInput(
                f"identity.secret_file: {path} cannot be read ({error.strerror}): "
                "give a file that holds the HMAC secret"
            ) from error
        if not secret:
            raise BadInput(f"identity.secret_file: {path} is empty: it must hold the HMAC secret")
        return Secret(secret)
    if has_secret(identity):
        secret = os.environb[os.fsencode(variable)].strip(b"\r\n")
        if not secret:
            raise BadInput(
                f"environment variable {variable} is empty: it must hold the HMAC secret"
            )
        return Secret(secret)
    if simulated:
        made = hashlib.sha256(f"dauexp: secret of simulated traffic, seed {seed}".encode())
        return Secret(made.digest())
    raise BadInput(
        f"own traffic needs an HMAC secret: set the environment variable {variable} "
        "(identity.secret_env) or name a file that holds it in identity.secret_file"
    )


def hashed_fxa_uid(secret: bytes, uid: str) -> str:
    """The hash that stands for a user: 32 hex digits."""
    return hmac.digest(secret, uid.encode(), "sha256")[:_KEPT_BYTES].hex()


def hashed_device_id(secret: bytes, hashed_fxa_uid: str, device_id: str, mode: Mode) -> str:
    """The hash that stands for a device of the user with that hash: 32 hex digits."""
    device = PLACEHOLDER if mode == "placeholder" else device_id
    return hmac.digest(secret, (hashed_fxa_uid + device).encode(), "sha256")[:_KEPT_BYTES].hex()


class Observer:
    """Turns batches of REQUESTS into batches of OBSERVATIONS, remembering the hashes it made.

    Batches that share their dictionaries of `uid` and `device_id`, as the simulator's do, share all
    of the work. Between others single hashes are remembered, so that a user who comes again is not
    hashed again. What was not used for longest is dropped first, so memory is bounded.

    Args:
        secret: the key of the HMAC.
        mode: see `Mode`.
        capacity: most hashes remembered, in either way; some 200 bytes each. The dictionaries of
            the batch at hand are kept whatever their size.
    """

    def __init__(self, secret: bytes, mode: Mode, capacity: int = 500_000) -> None:
        self._mode: Mode = mode
        self._capacity = capacity
        self._hash_user = lru_cache(capacity // 2)(partial(hashed_fxa_uid, secret))
        self._hash_device = lru_cache(capacity // 2)(partial(hashed_device_id, secret, mode=mode))
        self._known: OrderedDict[tuple[int, ...], _Hashes] = OrderedDict()

    def observe(self, requests: pa.RecordBatch, ordinal: int) -> pa.RecordBatch:
        """What the service knows of each request.

        Args:
            requests: a batch of REQUESTS.
            ordinal: the position of its first row within its block and day.
        """
        users, devices = requests["uid"], requests["device_id"]
        hashes = self._hashes(users.dictionary, devices.dictionary)
        platform, device_family = classify_column(requests["user_agent"])
        return pa.RecordBatch.from_arrays(
            [
                pa.array(np.arange(ordinal, ordinal + requests.num_rows, dtype=np.int64)),
                requests["time"],
                requests["host"],
                requests["user_agent"],
                pa.DictionaryArray.from_arrays(users.indices, hashes.users),
                hashes.devices(users.indices, devices.indices),
                platform,
                device_family,
            ],
            schema=OBSERVATIONS,
        )

    def _hashes(self, users: pa.Array, devices: pa.Array) -> _Hashes:
        key = (*_place(users), *_place(devices))
        if key not in self._known:
            self._known[key] = _Hashes(
                self._hash_user, self._hash_device, self._mode, users, devices
            )
        self._known.move_to_end(key)
        while len(self._known) > 1 and sum(map(len, self._known.values())) > self._capacity:
            self._known.popitem(last=False)
        return self._known[key]


class _Hashes:
    """The hashes of all users of one dictionary, and of their devices as they come up.

    Holds the raw dictionaries too: their addresses are the key under which it is known, and must
    not be given to others meanwhile.
    """

    def __init__(
        self,
        hash_user: Callable[[str], str],
        hash_device: Callable[[str, str], str],
        mode: Mode,
        users: pa.Array,
        devices: pa.Array,
    ) -> None:
        self._hash_device = hash_device
        self._mode: Mode = mode
        self._raw_users = users
        self._raw_devices = devices
        self.users = pa.array(map(hash_user, users.to_pylist()), pa.string())
        # A device is known by the pair of its user's and its own code: `_pairs`, sorted, and for
        # each its place in `_devices`.
        self._pairs = np.empty(0, dtype=np.int64)
        self._places = np.empty(0, dtype=np.int32)
        self._devices = pa.array([], pa.string())
        if mode == "placeholder":
            self._devices = self._hash(range(len(users)), [PLACEHOLDER] * len(users))

    def __len__(self) -> int:
        return len(self.users) + len(self._devices)

    def devices(self, users: pa.Array, devices: pa.Array) -> pa.DictionaryArray:
        """The hashed device of each row, from the codes of its user and its device.

        Its dictionary holds the devices of these rows alone, so it does not depend on what came
        before.
        """
        if self._mode == "placeholder":
            return pa.DictionaryArray.from_arrays(users, self._devices)
        rows = users.to_numpy().astype(np.int64) * len(self._raw_devices) + devices.to_numpy()
        pairs, codes = np.unique(rows, return_inverse=True)
        self._learn(pairs[~np.isin(pairs, self._pairs, assume_unique=True)])
        places = self._places[np.searchsorted(self._pairs, pairs)]
        dictionary = self._devices.take(pa.array(places))
        return pa.DictionaryArray.from_arrays(codes.astype(np.int32), dictionary)

    def _learn(self, pairs: npt.NDArray[np.int64]) -> None:
        if not pairs.size:
            return
        users, devices = np.divmod(pairs, len(self._raw_devices))
        hashes = self._hash(users.tolist(), self._raw_devices.take(pa.array(devices)).to_pylist())
        places = np.arange(len(self._devices), len(self._devices) + len(pairs), dtype=np.int32)
        at = np.searchsorted(self._pairs, pairs)
        self._pairs = np.insert(self._pairs, at, pairs)
        self._places = np.insert(self._places, at, places)
        self._devices = pa.concat_arrays([self._devices, hashes])

    def _hash(self, users: range | list[int], devices: list[str]) -> pa.Array:
        owners = self.users.take(pa.array(users, pa.int32())).to_pylist()
        return pa.array(map(self._hash_device, owners, devices), pa.string())


def _place(array: pa.Array) -> tuple[int, ...]:
    """What tells one array in memory from another while both exist."""
    buffers = (buffer.address if buffer else 0 for buffer in array.buffers())
    return (array.offset, len(array), *buffers)


def observe(requests: pa.RecordBatch, ordinal: int, secret: bytes, mode: Mode) -> pa.RecordBatch:
    """`Observer.observe` for a single batch, with nothing remembered."""
    return Observer(secret, mode).observe(requests, ordinal)
