"""What is told when the limit on rejects stops the projector: how many, whose, and what to do."""

from __future__ import annotations

from projections.store.live.reject_limit import Excess

_NAMED = 5
"""Publishers that the message names; `tonghop rejects` has those whose rejects are in the figures."""


def describe(excess: Excess, percent: int) -> str:
    """Say it for operators, in one paragraph of at most a few hundred characters."""
    named = ", ".join(
        f"{publisher or '?'} {rejected} ({reason})" for publisher, rejected, reason in excess.culprits[:_NAMED]
    )
    others = len(excess.culprits) - _NAMED
    more = f", +{others}" if others > 0 else ""
    of = len(excess.culprits)
    return (
        f"Tạm dừng trước vị trí {excess.position}: {excess.rejected} trên {excess.events} sự kiện gần nhất, của {of} "
        "đơn vị gửi, bị từ chối, "
        f"giới hạn {percent} %. Nhiều nhất: {named}{more}. Không mất sự kiện nào: tất cả còn trong nhật ký. "
        "Nhiều nơi cùng sai thường do quy tắc hoặc bản cài đặt mới: hãy sửa, rồi chạy `tonghop resume`. / "
        f"Paused before position {excess.position}: {excess.rejected} of the last {excess.events} events, from {of} "
        "publishers, are rejected, "
        f"the limit is {percent} %; most by: {named}{more}. Nothing is lost, everything is in the stream. "
        "That many go wrong at once is mostly a rule or a new deployment: correct it, then run `tonghop resume`."
    )
