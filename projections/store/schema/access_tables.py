"""The tables of accounts, of what they did and what they sent, schema `public`: the only ones not made from the log.

A secret is never in them: of invitations, sessions and tokens there is a digest, of passwords what argon2id makes.
`projections/store/schema/privileges.py` says who may do what with them.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from projections.store.schema.tables import CODE, MOMENT

ACCESS: Final = MetaData()


def _needed(name: str, type_: Any, *constraints: Any, **more: Any) -> Column[Any]:
    return Column(name, type_, *constraints, nullable=False, **more)


def _of_account() -> Column[Any]:
    return _needed("account", CODE, ForeignKey("account.id"))


def _made(by: str = "made_by") -> tuple[Column[Any], ...]:
    return _needed("made_at", MOMENT, server_default=func.now()), Column(by, CODE)


ACCOUNT: Final = Table(
    "account",
    ACCESS,
    Column("id", CODE, primary_key=True),
    _needed("name", Text, comment="the sign-in name as it was given"),
    _needed("name_key", CODE, unique=True, comment="the name as it is compared: services/access/sign_in_names.py"),
    _needed("signs_in", CODE, comment="local, oidc, or service: by tokens alone"),
    Column("password", Text, comment="argon2id, in its own notation"),
    Column("issuer", Text, comment="of OpenID Connect: set at the first sign-in, and held to"),
    Column("subject", Text),
    *_made(),
    Column("disabled_at", MOMENT),
    Column("disabled_by", CODE),
    CheckConstraint("signs_in IN ('local', 'oidc', 'service')", name="account_signs_in"),
    Index("account_subject", "issuer", "subject", unique=True, postgresql_where=text("subject IS NOT NULL")),
)
INVITATION: Final = Table(
    "invitation",
    ACCESS,
    Column("digest", LargeBinary, primary_key=True),
    _of_account(),
    *_made(),
    _needed("expires_at", MOMENT),
    Column("used_at", MOMENT, comment="also set where another one took its place"),
    Index("invitation_account", "account"),
    Index("invitation_expires", "expires_at"),
)
SESSION: Final = Table(
    "session",
    ACCESS,
    Column("id", CODE, primary_key=True),
    _needed("digest", LargeBinary, unique=True),
    _of_account(),
    _needed("made_at", MOMENT, server_default=func.now()),
    _needed("expires_at", MOMENT),
    Column("used_at", MOMENT),
    Column("came_from", Text, comment="the address that it was begun from"),
    Column("revoked_at", MOMENT),
    Index("session_account", "account", "made_at"),
    Index("session_expires", "expires_at"),
)
TOKEN: Final = Table(
    "token",
    ACCESS,
    Column("id", CODE, primary_key=True),
    _needed("digest", LargeBinary, unique=True),
    _of_account(),
    _needed("name", Text),
    Column("roles", ARRAY(CODE), comment="with units, what it is limited to; NULL: to nothing"),
    Column("units", ARRAY(CODE)),
    *_made(),
    Column("made_with", CODE, ForeignKey("token.id"), comment="the token that made it: revoked, this one is too"),
    Column("expires_at", MOMENT),
    Column("used_at", MOMENT),
    Column("revoked_at", MOMENT),
    CheckConstraint("cardinality(roles) = cardinality(units)", name="token_roles"),
    CheckConstraint("(roles IS NULL) = (units IS NULL)", name="token_limits"),
    Index("token_account", "account", "made_at"),
    Index("token_made_with", "made_with", postgresql_where=text("made_with IS NOT NULL")),
)
ATTEMPT: Final = Table(
    "attempt",
    ACCESS,
    Column("key", LargeBinary, primary_key=True, comment="digest of a name, an address, or both"),
    _needed("free_at", MOMENT, comment="when all attempts so far will have been worked off"),
    Column("told_at", MOMENT, comment="when the audit log was last told that it is slowed down"),
    Index("attempt_free", "free_at"),
    comment="how often somebody guessed lately: services/access/guessing.py",
)
AUDIT: Final = Table(
    "audit",
    ACCESS,
    Column("no", BigInteger, Identity(always=True), primary_key=True),
    _needed("at", MOMENT, server_default=func.clock_timestamp()),
    Column("account", CODE, comment="who; NULL where nobody was found"),
    Column("means", CODE, comment="open, session, token or owner"),
    Column("key", CODE, comment="which session or token"),
    _needed("what", CODE),
    Column("unit", CODE, comment="for which unit, where it was about one"),
    Column("came_from", Text),
    _needed("detail", JSONB, server_default=text("'{}'")),
    Index("audit_at", "at"),
    Index("audit_account", "account", "no"),
    Index("audit_unit", "unit", "no", postgresql_where=text("unit IS NOT NULL")),
    comment="only added to, but for what `tonghop audit --prune` takes away",
)
RECEIPT: Final = Table(
    "receipt",
    ACCESS,
    Column("id", CODE, primary_key=True),
    _needed("account", CODE, comment="who sent it"),
    _needed("made_at", MOMENT, server_default=func.clock_timestamp()),
    _needed("items", Text, comment="JSON: what was sent, and what was known of it; outcomes are asked of the log"),
    Column("answered_at", MOMENT, comment="NULL: the sender was never answered"),
    Column("part", Integer, primary_key=True, server_default=text("0"), comment="a thousand rows of a sheet; else 0"),
    _needed("total", Integer, server_default=text("0"), comment="events in all parts, also those not begun yet"),
    _needed("accepted", Integer, server_default=text("0"), comment="events of this part"),
    Index("receipt_account", "account", "made_at", "id", postgresql_where=text("part = 0")),
    Index("receipt_made", "made_at"),
)
IMPORT: Final = Table(
    "import",
    ACCESS,
    Column("id", CODE, primary_key=True),
    _needed("account", CODE, comment="who sent the sheet"),
    _needed("unit", CODE),
    _needed("type", CODE, comment="of the events"),
    _needed("made_at", MOMENT, comment="also the time of its events"),
    _needed("rows", Integer),
    _needed("bytes", BigInteger, comment="of all its pages"),
    _needed("told", Text, comment="JSON: the columns, what was passed over, how its text was read"),
    Column("receipt", CODE, comment="NULL: nothing of it was sent"),
    Index("import_account", "account", "made_at", "id"),
    Index("import_made", "made_at"),
    comment="a sheet that was sent, without the file",
)
IMPORT_PAGE: Final = Table(
    "import_page",
    ACCESS,
    Column("import", CODE, ForeignKey("import.id", ondelete="CASCADE"), primary_key=True),
    Column("page", Integer, primary_key=True, comment="a thousand rows"),
    _needed("first_row", Integer, comment="by the sheet's own numbers"),
    _needed("last_row", Integer),
    _needed("rows", LargeBinary, comment="msgpack: the rows as they were read"),
    _needed("stems", LargeBinary, comment="16 bytes a row: what its id follows from; zeros where it has none"),
    _needed("choices", Text, server_default=text("'{}'"), comment="JSON: what the clerk decided, by row"),
    _needed("counts", Text, comment="JSON: rows by status, when they were last looked at"),
)

APPEND_ONLY: Final = (
    """
CREATE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('tonghop.prune_audit', true) = 'on' THEN
        RETURN OLD; -- whoever may delete at all is the owner
    END IF;
    RAISE EXCEPTION 'the audit log is only added to' USING ERRCODE = 'insufficient_privilege';
END
$$""",
    """
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_append_only()""",
    """
CREATE TRIGGER audit_never_emptied BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only()""",
)
"""What keeps the audit log as it is; SQLAlchemy has no words for it."""
