-- Migration 1: the tables of the first guarded logon. Shipped files are never edited; add 0002.sql.
-- Ids are 16 random bytes; times are Unix seconds; `deleted` is a tombstone, kept for good.
-- `meta` is about the store as a whole; every other table belongs to an organisation.

CREATE TABLE meta (
    name  TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE organisations (
    organisation_id INTEGER NOT NULL PRIMARY KEY,
    name            TEXT NOT NULL,
    created         INTEGER NOT NULL
) STRICT;

CREATE TABLE settings (
    organisation_id INTEGER NOT NULL REFERENCES organisations,
    name            TEXT NOT NULL,
    value           TEXT NOT NULL,
    PRIMARY KEY (organisation_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE services (
    organisation_id INTEGER NOT NULL REFERENCES organisations,
    id              BLOB NOT NULL CHECK (length(id) = 16),
    name            TEXT NOT NULL,
    name_key        TEXT NOT NULL,                  -- canonical form, for comparison
    mode            TEXT NOT NULL CHECK (mode IN ('guard', 'watch')),
    mode_until      INTEGER,
    postponed       INTEGER NOT NULL DEFAULT 0,     -- how often the end of `watch` was put off
    admit           TEXT NOT NULL CHECK (admit IN ('open', 'until', 'approval', 'token')),
    admit_until     INTEGER,
    key_sealed      BLOB NOT NULL,                  -- the ServiceKey's 32 random bytes, sealed
    key_generation  INTEGER NOT NULL,
    created         INTEGER NOT NULL,
    deleted         INTEGER,
    PRIMARY KEY (organisation_id, id)
) STRICT;
-- The ServiceID finds the organisation.
CREATE UNIQUE INDEX services_by_id ON services (id);
CREATE UNIQUE INDEX services_by_name ON services (organisation_id, name_key) WHERE deleted IS NULL;

CREATE TABLE tokens (
    organisation_id INTEGER NOT NULL REFERENCES organisations,
    id              BLOB NOT NULL CHECK (length(id) = 8),
    service_id      BLOB NOT NULL,
    secret_sealed   BLOB NOT NULL,
    uses            INTEGER NOT NULL,
    uses_left       INTEGER NOT NULL CHECK (uses_left >= 0),
    until           INTEGER NOT NULL,
    needs_approval  INTEGER NOT NULL DEFAULT 0,     -- 1: whoever comes with it waits for approval
    created         INTEGER NOT NULL,
    PRIMARY KEY (organisation_id, id)
) STRICT;
CREATE UNIQUE INDEX tokens_by_id ON tokens (id);

CREATE TABLE machines (
    organisation_id INTEGER NOT NULL REFERENCES organisations,
    id              BLOB NOT NULL CHECK (length(id) = 16),
    service_id      BLOB NOT NULL,
    public_key      BLOB NOT NULL CHECK (length(public_key) = 65),
    name            TEXT NOT NULL,
    host            TEXT NOT NULL,
    netbios_domain  TEXT,
    dns_domain      TEXT,
    machine_sid     TEXT,
    domain_sid      TEXT,
    state           TEXT NOT NULL CHECK (state IN ('waiting', 'approved', 'revoked', 'released')),
    state_since     INTEGER NOT NULL,
    admitted_by     TEXT NOT NULL,                  -- 'key:<generation>', 'token:<id>' or 'receipt'
    admitted        INTEGER NOT NULL,
    last_seen       INTEGER,
    last_address    TEXT,
    versions        TEXT NOT NULL DEFAULT '{}',     -- JSON
    report          TEXT,                           -- the last heartbeat, JSON
    key_epoch       INTEGER NOT NULL DEFAULT 0,     -- the key list that the machine is known to hold
    key_serial      INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (organisation_id, id)
) STRICT;
-- The key id of a request finds machine and organisation.
CREATE UNIQUE INDEX machines_by_id ON machines (id);
CREATE INDEX machines_by_service ON machines (organisation_id, service_id);

-- Every public key that ever was a machine's, for good: a revoked one is never admitted again.
CREATE TABLE machine_keys (
    organisation_id INTEGER NOT NULL REFERENCES organisations,
    public_key      BLOB NOT NULL CHECK (length(public_key) = 65),
    machine_id      BLOB NOT NULL,
    state           TEXT NOT NULL CHECK (state IN ('current', 'rolled', 'revoked')),
    since           INTEGER NOT NULL,
    PRIMARY KEY (organisation_id, public_key)
) STRICT, WITHOUT ROWID;

CREATE TABLE users (
    organisation_id INTEGER NOT NULL REFERENCES organisations,
    id              BLOB NOT NULL CHECK (length(id) = 16),
    username        TEXT NOT NULL,
    username_key    TEXT NOT NULL,
    email           TEXT NOT NULL,
    email_key       TEXT NOT NULL,
    enabled         INTEGER NOT NULL,
    created         INTEGER NOT NULL,
    deleted         INTEGER,
    PRIMARY KEY (organisation_id, id)
) STRICT;
CREATE UNIQUE INDEX users_by_username ON users (organisation_id, username_key) WHERE deleted IS NULL;
CREATE UNIQUE INDEX users_by_email ON users (organisation_id, email_key) WHERE deleted IS NULL;

CREATE TABLE devices (
    organisation_id INTEGER NOT NULL REFERENCES organisations,
    id              BLOB NOT NULL CHECK (length(id) = 16),
    user_id         BLOB NOT NULL,
    kind            TEXT NOT NULL CHECK (kind IN ('totp')),
    name            TEXT NOT NULL,
    secret_sealed   BLOB NOT NULL,
    last_step       INTEGER NOT NULL DEFAULT 0,     -- the last 30-second step that was used up
    last_used       INTEGER,
    created         INTEGER NOT NULL,
    deleted         INTEGER,
    PRIMARY KEY (organisation_id, id)
) STRICT;
CREATE INDEX devices_by_user ON devices (organisation_id, user_id) WHERE deleted IS NULL;

CREATE TABLE policies (
    organisation_id INTEGER NOT NULL REFERENCES organisations,
    id              BLOB NOT NULL CHECK (length(id) = 16),
    name            TEXT NOT NULL,
    name_key        TEXT NOT NULL,
    rules           TEXT NOT NULL,                  -- JSON
    created         INTEGER NOT NULL,
    deleted         INTEGER,
    PRIMARY KEY (organisation_id, id)
) STRICT;
CREATE UNIQUE INDEX policies_by_name ON policies (organisation_id, name_key) WHERE deleted IS NULL;

CREATE TABLE accesses (
    organisation_id INTEGER NOT NULL REFERENCES organisations,
    id              BLOB NOT NULL CHECK (length(id) = 16),
    user_id         BLOB NOT NULL,
    service_id      BLOB NOT NULL,
    account_domain  TEXT NOT NULL,                  -- canonical; '.' is the machine itself
    account_name    TEXT NOT NULL,                  -- canonical
    account_shown   TEXT NOT NULL,                  -- as it was typed
    policy_id       BLOB,                           -- none: always, by any method
    created         INTEGER NOT NULL,
    deleted         INTEGER,
    PRIMARY KEY (organisation_id, id)
) STRICT;
CREATE INDEX accesses_by_user ON accesses (organisation_id, user_id, service_id) WHERE deleted IS NULL;
CREATE INDEX accesses_by_account ON accesses (organisation_id, service_id, account_name) WHERE deleted IS NULL;

CREATE TABLE domains (
    organisation_id INTEGER NOT NULL REFERENCES organisations,
    service_id      BLOB NOT NULL,
    domain_sid      TEXT NOT NULL,
    alias           TEXT NOT NULL,                  -- canonical
    alias_shown     TEXT NOT NULL,
    kind            TEXT NOT NULL CHECK (kind IN ('netbios', 'dns', 'added')),
    state           TEXT NOT NULL CHECK (state IN ('confirmed', 'waiting')),
    first_seen      INTEGER NOT NULL,
    machine_id      BLOB,                           -- who reported it first
    PRIMARY KEY (organisation_id, service_id, alias, domain_sid)
) STRICT, WITHOUT ROWID;
CREATE INDEX domains_by_sid ON domains (organisation_id, service_id, domain_sid);

-- Wrong guesses. `scope`: 'user', 'user_machine', 'unknown' (password not verified, by user and
-- machine), 'service' (its total, for the alarm). Unused key parts are zero-length.
CREATE TABLE guess_counters (
    organisation_id INTEGER NOT NULL REFERENCES organisations,
    scope           TEXT NOT NULL CHECK (scope IN ('user', 'user_machine', 'unknown', 'service')),
    method          TEXT NOT NULL,
    user_id         BLOB NOT NULL,
    machine_id      BLOB NOT NULL,
    failures        INTEGER NOT NULL,               -- in a row
    blocked_until   INTEGER NOT NULL,
    last_failure    INTEGER NOT NULL,
    last_success    INTEGER NOT NULL,
    PRIMARY KEY (organisation_id, user_id, scope, method, machine_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE logons (
    number          INTEGER PRIMARY KEY,            -- in the order of their beginning
    organisation_id INTEGER NOT NULL REFERENCES organisations,
    machine_id      BLOB NOT NULL,
    id              BLOB NOT NULL CHECK (length(id) = 16),
    body_hash       BLOB NOT NULL CHECK (length(body_hash) = 32),
    service_id      BLOB NOT NULL,
    user_id         BLOB,
    account         TEXT NOT NULL,
    method          TEXT NOT NULL,
    result          TEXT NOT NULL CHECK (result IN ('pending', 'allow', 'deny', 'cancelled')),
    reason          TEXT NOT NULL,                  -- the exact one; the wire may say less
    parameters      TEXT NOT NULL,                  -- JSON
    facts           TEXT NOT NULL,                  -- JSON: what `logon show` explains
    answer          TEXT NOT NULL,                  -- the decision's body as first given, JSON
    short_code      TEXT NOT NULL,
    begun           INTEGER NOT NULL,
    decided         INTEGER
) STRICT;
CREATE UNIQUE INDEX logons_by_id ON logons (organisation_id, machine_id, id);
CREATE INDEX logons_by_short_code ON logons (organisation_id, short_code);

CREATE TABLE bypasses (
    organisation_id INTEGER NOT NULL REFERENCES organisations,
    id              BLOB NOT NULL CHECK (length(id) = 16),
    machine_id      BLOB NOT NULL,
    account_domain  TEXT NOT NULL,
    account_name    TEXT NOT NULL,
    until           INTEGER NOT NULL,
    created         INTEGER NOT NULL,
    PRIMARY KEY (organisation_id, id)
) STRICT;
CREATE INDEX bypasses_by_machine ON bypasses (organisation_id, machine_id, until);

CREATE TABLE offline_logons (
    organisation_id INTEGER NOT NULL REFERENCES organisations,
    machine_id      BLOB NOT NULL,
    id              BLOB NOT NULL CHECK (length(id) = 16),
    account         TEXT NOT NULL,
    time            INTEGER NOT NULL,               -- by the machine's clock
    received        INTEGER NOT NULL,
    details         TEXT NOT NULL,                  -- JSON
    PRIMARY KEY (organisation_id, machine_id, id)
) STRICT;

-- Append-only. AUTOINCREMENT: a number is never given twice, so a row cut off at the end shows.
CREATE TABLE audit (
    number          INTEGER PRIMARY KEY AUTOINCREMENT,
    organisation_id INTEGER NOT NULL REFERENCES organisations,
    time            INTEGER NOT NULL,
    kind            TEXT NOT NULL,                  -- such as 'logon', 'service.add', 'alarm'
    actor           TEXT NOT NULL,
    subject         TEXT NOT NULL,
    details         TEXT NOT NULL                   -- JSON
) STRICT;
CREATE INDEX audit_by_organisation ON audit (organisation_id, number);
CREATE INDEX audit_alarms ON audit (organisation_id, time) WHERE kind = 'alarm';

CREATE TABLE audit_segments (
    organisation_id INTEGER NOT NULL REFERENCES organisations,
    number          INTEGER NOT NULL,               -- from 1, without gaps
    first_row       INTEGER NOT NULL,
    last_row        INTEGER NOT NULL,
    row_count       INTEGER NOT NULL,
    closed          INTEGER NOT NULL,
    previous_head   BLOB NOT NULL,
    head            BLOB NOT NULL,
    key_id          BLOB NOT NULL,                  -- of the server key that signed
    signature       BLOB NOT NULL,
    PRIMARY KEY (organisation_id, number)
) STRICT;

CREATE TABLE signing_keys (
    organisation_id INTEGER NOT NULL REFERENCES organisations,
    id              BLOB NOT NULL CHECK (length(id) = 32),
    public_key      BLOB NOT NULL CHECK (length(public_key) = 65),
    private_sealed  BLOB,                           -- none: retired, kept to verify what it signed
    created         INTEGER NOT NULL,
    retired         INTEGER,
    PRIMARY KEY (organisation_id, id)
) STRICT;

-- The chain: every key list ever signed.
CREATE TABLE key_lists (
    organisation_id INTEGER NOT NULL REFERENCES organisations,
    epoch           INTEGER NOT NULL,
    serial          INTEGER NOT NULL,
    statement       TEXT NOT NULL,                  -- compact JWS
    created         INTEGER NOT NULL,
    PRIMARY KEY (organisation_id, epoch, serial)
) STRICT;

CREATE TABLE tls_keys (
    organisation_id INTEGER NOT NULL REFERENCES organisations,
    spki_sha256     BLOB NOT NULL CHECK (length(spki_sha256) = 32),
    label           TEXT NOT NULL,
    created         INTEGER NOT NULL,
    PRIMARY KEY (organisation_id, spki_sha256)
) STRICT;
