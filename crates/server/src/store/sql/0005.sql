-- Migration 5: programs that administer.

CREATE TABLE api_tokens (
    organisation_id INTEGER NOT NULL REFERENCES organisations,
    id              BLOB NOT NULL CHECK (length(id) = 16),
    name            TEXT NOT NULL,
    name_key        TEXT NOT NULL,
    role            TEXT NOT NULL CHECK (role IN ('owner', 'administrator', 'help_desk', 'auditor')),
    secret_hash     BLOB NOT NULL CHECK (length(secret_hash) = 32),
    until           INTEGER NOT NULL,
    created         INTEGER NOT NULL,
    last_used       INTEGER,                        -- to the minute
    last_address    TEXT,
    deleted         INTEGER,
    PRIMARY KEY (organisation_id, id)
) STRICT;
CREATE UNIQUE INDEX api_tokens_by_secret ON api_tokens (secret_hash);
CREATE UNIQUE INDEX api_tokens_by_name ON api_tokens (organisation_id, name_key) WHERE deleted IS NULL;

-- Answers to requests with an `Idempotency-Key`, for a day. Sealed: they may hold what is shown once.
CREATE TABLE repeated_requests (
    organisation_id INTEGER NOT NULL REFERENCES organisations,
    key_hash        BLOB NOT NULL CHECK (length(key_hash) = 32),
    request_hash    BLOB NOT NULL CHECK (length(request_hash) = 32),
    created         INTEGER NOT NULL,
    status          INTEGER,                        -- none: it runs, or its server ended in the middle
    answer_sealed   BLOB,
    PRIMARY KEY (organisation_id, key_hash)
) STRICT, WITHOUT ROWID;
