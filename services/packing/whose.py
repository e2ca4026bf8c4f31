"""For whom a credential speaks, as the hub has it signed: whether it stands now, and whose events it may say."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from projections.answers.words.vietnamese_format import VIETNAM
from projections.bilingual import Bilingual
from services.bus_accounts import UNIT
from services.bus_credentials.hub import Hub, units_in
from services.bus_credentials.signing import KeyDamagedError, claims_of, signature_holds
from services.packing.pack import Pack, PackError

_NAMED: Final = 10
_ANOTHERS: Final = ("sự kiện của đơn vị khác", "events of other units")
_SHUT_OUT: Final = ("đơn vị đang bị chặn gửi", "units that are shut out")


def check(pack: Pack, hub: Hub) -> None:
    """Raise PackError where the pack's credential is none of the hub's, stands no more, or an event is of another."""
    try:
        said = claims_of(pack.head.credential)
        account, kind = _account(said, hub)
        holds = signature_holds(pack.head.credential)
    except (KeyDamagedError, KeyError, TypeError, AttributeError) as error:
        raise _unknown() from error
    if account is None or not holds or said.get("name") != pack.head.unit:
        raise _unknown()
    _require_standing(said, account)
    shut = set(units_in(account.get("mappings", {})))
    of = {pack.head.unit} if kind["role"] == UNIT else set(units_in(kind["template"]["pub"]["allow"]))
    _require(pack, lambda unit: unit in of, _ANOTHERS)
    _require(pack, lambda unit: unit not in shut, _SHUT_OUT)


def _require(pack: Pack, good: Callable[[str], bool], said: tuple[str, str]) -> None:
    wrong = [line for line in pack.lines if not good(line.publisher)]
    if not wrong:
        return
    named = "; ".join(f"{line.number}: {line.publisher} {line.id}" for line in wrong[:_NAMED])
    more = f"; … ({len(wrong)})" if len(wrong) > _NAMED else ""
    raise PackError(
        Bilingual(
            f"gói do {pack.head.unit} ký có {said[0]}, không nhận gì; dòng",
            f"signed by {pack.head.unit}, it holds {said[1]}, and nothing of it is taken; lines",
            after=f" {named}{more}",
        )
    )


def _account(said: Mapping[str, Any], hub: Hub) -> tuple[Mapping[str, Any] | None, Mapping[str, Any]]:
    """Find the account of a credential, and the key in it that has signed it."""
    found = hub.said.get(said["nats"]["issuer_account"])
    if found is None or said["nats"].get("type") != "user":
        return None, {}
    for key in found["nats"]["signing_keys"]:
        if key["key"] == said["iss"] and (key["role"] == UNIT or str(key["role"]).startswith("below-")):
            return found["nats"], key
    return None, {}


def _require_standing(said: Mapping[str, Any], account: Mapping[str, Any]) -> None:
    ends = said.get("exp")
    if ends is not None and (not isinstance(ends, int) or ends <= time.time()):
        day = dt.datetime.fromtimestamp(ends - 1, VIETNAM).date().isoformat() if isinstance(ends, int) else "?"
        raise PackError(
            Bilingual(
                f"thẻ đã ký gói này chỉ dùng được đến hết {day}; hãy xin thẻ mới và gói lại",
                f"the credential that signed this was good until {day}; have another issued, and pack again",
            )
        )
    taken_back = account.get("revocations", {})
    if max(taken_back.get(said["sub"], -1), taken_back.get("*", -1)) >= int(said.get("iat", 0)):
        raise PackError(
            Bilingual(
                "thẻ đã ký gói này đã bị thu hồi; hãy xin thẻ mới và gói lại",
                "the credential that signed this was taken back; have another issued, and pack again",
            )
        )


def _unknown() -> PackError:
    return PackError(
        Bilingual(
            "gói không do thẻ nào của bus này ký; nếu thẻ mới được cấp, hãy lấy signed.conf mới (--hub)",
            "no credential of this bus has signed it; of one that is new, get the signed.conf of now (--hub)",
        )
    )
