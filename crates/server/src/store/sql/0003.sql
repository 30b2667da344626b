-- Migration 3: the original's agent protocol ("version 1").

-- Under which id, with which key and until when a service answers version 1. The key is one of its
-- own: it admits nothing in version 2.
CREATE TABLE v1_doors (
    organisation_id INTEGER NOT NULL REFERENCES organisations,
    service_id      BLOB NOT NULL,
    v1_id           TEXT NOT NULL,                  -- the service's own id, or the original's as it was
    key_sealed      BLOB NOT NULL,
    until           INTEGER NOT NULL,
    pass_through    INTEGER NOT NULL CHECK (pass_through IN (0, 1)),
    opened          INTEGER NOT NULL,
    denied          INTEGER,                        -- closed by hand, before its end
    wrong_key_noted INTEGER NOT NULL DEFAULT 0,     -- when a wrong key was written down last
    PRIMARY KEY (organisation_id, service_id)
) STRICT;
-- The id finds the service; one that was denied gives its id up.
CREATE UNIQUE INDEX v1_doors_by_id ON v1_doors (v1_id) WHERE denied IS NULL;

-- Who called in version 1. `caller` is the machine's folded name, or, of one that tells none, its address.
CREATE TABLE v1_calls (
    organisation_id INTEGER NOT NULL REFERENCES organisations,
    service_id      BLOB NOT NULL,
    caller          TEXT NOT NULL,
    machine         TEXT,                           -- as it calls itself, checked
    address         TEXT NOT NULL,                  -- as the server sees it
    last            INTEGER NOT NULL,
    calls           INTEGER NOT NULL,
    PRIMARY KEY (organisation_id, service_id, caller)
) STRICT, WITHOUT ROWID;
CREATE INDEX v1_calls_by_last ON v1_calls (organisation_id, service_id, last);

-- Wrong guesses where no machine is named, by the address seen: four bytes of IPv4, or the eight of
-- a /64 of IPv6.
CREATE TABLE address_guesses (
    organisation_id INTEGER NOT NULL REFERENCES organisations,
    user_id         BLOB NOT NULL,
    method          TEXT NOT NULL,
    address         BLOB NOT NULL CHECK (length(address) IN (4, 8)),
    failures        INTEGER NOT NULL,               -- in a row
    blocked_until   INTEGER NOT NULL,
    last_failure    INTEGER NOT NULL,
    last_success    INTEGER NOT NULL,
    PRIMARY KEY (organisation_id, user_id, method, address)
) STRICT, WITHOUT ROWID;

-- A logon of version 1 has no machine's row: `machine_id` is empty, `machine_name` what was claimed.
ALTER TABLE logons ADD COLUMN generation INTEGER NOT NULL DEFAULT 2;
ALTER TABLE logons ADD COLUMN machine_name TEXT;
