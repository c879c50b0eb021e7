"""The transport of packets: over a real socket the same packets arrive as are handed over."""

from __future__ import annotations

import pytest

from dauexp.errors import DauexpError
from dauexp.options import contenders
from dauexp.options.statsd import emission
from dauexp.options.statsd.emission import Loopback
from dauexp.options.statsd.strategies import StatsdStrategy
from dauexp.scenario import Scenario
from dauexp.traffic.source import Simulated

STATSD = [each for each in contenders(["statsd"]) if issubclass(each.strategy, StatsdStrategy)]


@pytest.mark.parametrize("contender", STATSD, ids=lambda each: each.strategy.name)
def test_a_real_socket_delivers_the_same_packets(contender: object, small: Scenario) -> None:
    observations = next(Simulated(small).batches(0, 0)).observations
    udp = small.model_copy(update={"statsd": small.statsd.model_copy(update={"transport": "udp"})})
    strategy = contender.strategy  # type: ignore[attr-defined]
    handed, received = (strategy(each).emit(observations) for each in (small, udp))
    assert received.num_rows > 0
    assert received.equals(handed)


def test_a_packet_that_does_not_arrive_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emission, "PATIENCE_SECONDS", 0.05)
    socket = Loopback()
    elsewhere = Loopback()
    socket._address = elsewhere._address
    with pytest.raises(DauexpError, match="7 bytes was sent over loopback and did not arrive"):
        socket.sendto(b"a.b:1|c", None)
    socket.close()
    elsewhere.close()


def test_a_packet_that_no_datagram_holds_is_refused_as_a_socket_does() -> None:
    socket = Loopback()
    with pytest.raises(OSError, match="too long"):
        socket.sendto(b"x" * 70_000, None)
    socket.close()
