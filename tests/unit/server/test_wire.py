from __future__ import annotations

import socket
import threading

from hypothesis import given
from hypothesis import strategies as st

from taxolens.server.wire import packed, received, unpacked

MESSAGES = st.lists(
    st.one_of(st.binary(max_size=300), st.text(), st.tuples(st.booleans(), st.integers())), max_size=5
)


@given(messages=MESSAGES, cut=st.integers(1, 64))
def test_messages_arrive_whole_and_in_order_however_their_bytes_are_cut(
    messages: list[object], cut: int
) -> None:
    stream = b"".join(map(packed, messages))
    buffer, arrived = bytearray(), []
    for start in range(0, len(stream), cut):
        buffer += stream[start : start + cut]
        while (message := unpacked(buffer)) is not None:
            arrived.append(message)
    assert arrived == messages
    assert not buffer


def test_a_large_message_passes_a_connection() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        sender = threading.Thread(target=ours.sendall, args=(packed(b"x" * 5_000_000),))
        sender.start()
        assert received(theirs) == b"x" * 5_000_000
        sender.join()


def test_an_end_that_is_gone_is_told_also_in_the_middle_of_a_message() -> None:
    for sent in (b"", packed("hello")[:5], packed("hello")[:-1]):
        ours, theirs = socket.socketpair()
        with theirs:
            with ours:
                ours.sendall(sent)
            assert received(theirs) is None
