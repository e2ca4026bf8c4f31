"""Accounts, invitations, sessions, tokens, attempts to sign in, and the audit log; who may do what with them."""

from alembic import op

revision = "0007"
down_revision = "0006"

SCHEMA = (
    """
CREATE TABLE account (
    id TEXT COLLATE "C" NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT COLLATE "C" NOT NULL,
    signs_in TEXT COLLATE "C" NOT NULL,
    password TEXT,
    issuer TEXT,
    subject TEXT,
    made_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    made_by TEXT COLLATE "C",
    disabled_at TIMESTAMP WITH TIME ZONE,
    disabled_by TEXT COLLATE "C",
    PRIMARY KEY (id),
    CONSTRAINT account_signs_in CHECK (signs_in IN ('local', 'oidc', 'service')),
    UNIQUE (name_key)
)""",
    "CREATE UNIQUE INDEX account_subject ON account (issuer, subject) WHERE subject IS NOT NULL",
    "COMMENT ON COLUMN account.name IS 'the sign-in name as it was given'",
    "COMMENT ON COLUMN account.name_key IS 'the name as it is compared: services/access/sign_in_names.py'",
    "COMMENT ON COLUMN account.signs_in IS 'local, oidc, or service: by tokens alone'",
    "COMMENT ON COLUMN account.password IS 'argon2id, in its own notation'",
    "COMMENT ON COLUMN account.issuer IS 'of OpenID Connect: set at the first sign-in, and held to'",
    """
CREATE TABLE attempt (
    key BYTEA NOT NULL,
    free_at TIMESTAMP WITH TIME ZONE NOT NULL,
    told_at TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY (key)
)""",
    "CREATE INDEX attempt_free ON attempt (free_at)",
    "COMMENT ON TABLE attempt IS 'how often somebody guessed lately: services/access/guessing.py'",
    "COMMENT ON COLUMN attempt.key IS 'digest of a name, an address, or both'",
    "COMMENT ON COLUMN attempt.free_at IS 'when all attempts so far will have been worked off'",
    "COMMENT ON COLUMN attempt.told_at IS 'when the audit log was last told that it is slowed down'",
    """
CREATE TABLE audit (
    no BIGINT GENERATED ALWAYS AS IDENTITY,
    at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    account TEXT COLLATE "C",
    means TEXT COLLATE "C",
    key TEXT COLLATE "C",
    what TEXT COLLATE "C" NOT NULL,
    unit TEXT COLLATE "C",
    came_from TEXT,
    detail JSONB DEFAULT '{}' NOT NULL,
    PRIMARY KEY (no)
)""",
    "CREATE INDEX audit_account ON audit (account, no)",
    "CREATE INDEX audit_at ON audit (at)",
    "CREATE INDEX audit_unit ON audit (unit, no) WHERE unit IS NOT NULL",
    "COMMENT ON TABLE audit IS 'only added to, but for what `tonghop audit --prune` takes away'",
    "COMMENT ON COLUMN audit.account IS 'who; NULL where nobody was found'",
    "COMMENT ON COLUMN audit.means IS 'open, session, token or owner'",
    "COMMENT ON COLUMN audit.key IS 'which session or token'",
    "COMMENT ON COLUMN audit.unit IS 'for which unit, where it was about one'",
    """
CREATE TABLE invitation (
    digest BYTEA NOT NULL,
    account TEXT COLLATE "C" NOT NULL,
    made_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    made_by TEXT COLLATE "C",
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    used_at TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY (digest),
    FOREIGN KEY(account) REFERENCES account (id)
)""",
    "CREATE INDEX invitation_account ON invitation (account)",
    "CREATE INDEX invitation_expires ON invitation (expires_at)",
    "COMMENT ON COLUMN invitation.used_at IS 'also set where another one took its place'",
    """
CREATE TABLE session (
    id TEXT COLLATE "C" NOT NULL,
    digest BYTEA NOT NULL,
    account TEXT COLLATE "C" NOT NULL,
    made_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    used_at TIMESTAMP WITH TIME ZONE,
    came_from TEXT,
    revoked_at TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY (id),
    UNIQUE (digest),
    FOREIGN KEY(account) REFERENCES account (id)
)""",
    "CREATE INDEX session_account ON session (account, made_at)",
    "CREATE INDEX session_expires ON session (expires_at)",
    "COMMENT ON COLUMN session.came_from IS 'the address that it was begun from'",
    """
CREATE TABLE token (
    id TEXT COLLATE "C" NOT NULL,
    digest BYTEA NOT NULL,
    account TEXT COLLATE "C" NOT NULL,
    name TEXT NOT NULL,
    roles TEXT[] COLLATE "C",
    units TEXT[] COLLATE "C",
    made_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    made_by TEXT COLLATE "C",
    made_with TEXT COLLATE "C",
    expires_at TIMESTAMP WITH TIME ZONE,
    used_at TIMESTAMP WITH TIME ZONE,
    revoked_at TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY (id),
    CONSTRAINT token_roles CHECK (cardinality(roles) = cardinality(units)),
    CONSTRAINT token_limits CHECK ((roles IS NULL) = (units IS NULL)),
    UNIQUE (digest),
    FOREIGN KEY(account) REFERENCES account (id),
    FOREIGN KEY(made_with) REFERENCES token (id)
)""",
    "CREATE INDEX token_account ON token (account, made_at)",
    "CREATE INDEX token_made_with ON token (made_with) WHERE made_with IS NOT NULL",
    "COMMENT ON COLUMN token.roles IS 'with units, what it is limited to; NULL: to nothing'",
    "COMMENT ON COLUMN token.made_with IS 'the token that made it: revoked, this one is too'",
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
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION
    audit_append_only()""",
    """
CREATE TRIGGER audit_never_emptied BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION
    audit_append_only()""",
)


def upgrade() -> None:
    for statement in SCHEMA:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("what accounts did is never taken away")
