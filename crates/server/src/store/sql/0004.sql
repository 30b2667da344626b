-- Migration 4: who administers, and how they prove it.
-- What a browser or a program shows is kept as its SHA-256 only; passwords (Argon2id) and one-time
-- code secrets are sealed.

CREATE TABLE administrators (
    organisation_id INTEGER NOT NULL REFERENCES organisations,
    id              BLOB NOT NULL CHECK (length(id) = 16),
    name            TEXT NOT NULL,                  -- what they sign in with
    name_key        TEXT NOT NULL,
    role            TEXT NOT NULL CHECK (role IN ('owner', 'administrator', 'help_desk', 'auditor')),
    password_sealed BLOB NOT NULL,
    totp_sealed     BLOB NOT NULL,
    totp_last_step  INTEGER NOT NULL DEFAULT 0,
    created         INTEGER NOT NULL,
    last_sign_in    INTEGER,
    deleted         INTEGER,
    PRIMARY KEY (organisation_id, id)
) STRICT;
-- The name finds the organisation.
CREATE UNIQUE INDEX administrators_by_name ON administrators (name_key) WHERE deleted IS NULL;

-- One-time links by which somebody becomes an administrator, or chooses a new password and phone.
CREATE TABLE administrator_links (
    organisation_id  INTEGER NOT NULL REFERENCES organisations,
    id               BLOB NOT NULL CHECK (length(id) = 16),
    secret_hash      BLOB NOT NULL CHECK (length(secret_hash) = 32),
    role             TEXT NOT NULL CHECK (role IN ('owner', 'administrator', 'help_desk', 'auditor')),
    name             TEXT,                          -- whom it was made for; none: whoever comes
    administrator_id BLOB,                          -- whose password and phone it renews; none: a new one
    totp_sealed      BLOB NOT NULL,
    created          INTEGER NOT NULL,
    until            INTEGER NOT NULL,
    used             INTEGER,
    PRIMARY KEY (organisation_id, id)
) STRICT;
CREATE UNIQUE INDEX administrator_links_by_secret ON administrator_links (secret_hash);

CREATE TABLE sessions (
    organisation_id  INTEGER NOT NULL REFERENCES organisations,
    id               BLOB NOT NULL CHECK (length(id) = 16),
    secret_hash      BLOB NOT NULL CHECK (length(secret_hash) = 32),
    administrator_id BLOB NOT NULL,
    created          INTEGER NOT NULL,
    confirmed        INTEGER NOT NULL,              -- the last full sign-in in it
    last_used        INTEGER NOT NULL,
    address          TEXT NOT NULL,
    browser          TEXT NOT NULL,
    PRIMARY KEY (organisation_id, id)
) STRICT;
CREATE UNIQUE INDEX sessions_by_secret ON sessions (secret_hash);
CREATE INDEX sessions_by_administrator ON sessions (organisation_id, administrator_id);

-- Sign-in attempts that failed in a row. `scope`: 'name', 'address', 'name_address'; `key` is a
-- SHA-256, as a name that nobody has may be a password typed in the wrong field.
CREATE TABLE sign_in_counters (
    organisation_id INTEGER NOT NULL REFERENCES organisations,
    scope           TEXT NOT NULL CHECK (scope IN ('name', 'address', 'name_address')),
    key             BLOB NOT NULL CHECK (length(key) = 32),
    failures        INTEGER NOT NULL,
    next_allowed_at INTEGER NOT NULL,
    last_failure    INTEGER NOT NULL,
    last_success    INTEGER NOT NULL,
    PRIMARY KEY (organisation_id, scope, key)
) STRICT, WITHOUT ROWID;
