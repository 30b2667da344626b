-- Migration 2: what the agent API keeps.

-- How a machine calls itself, so that one key in two machines shows.
ALTER TABLE machines ADD COLUMN dns_host TEXT;
ALTER TABLE machines ADD COLUMN former_host TEXT;
ALTER TABLE machines ADD COLUMN host_since INTEGER;

-- Wrong codes of a whole service within an hour; raises an alarm, locks nobody.
CREATE TABLE wrong_codes (
    organisation_id INTEGER NOT NULL REFERENCES organisations,
    service_id      BLOB NOT NULL,
    since           INTEGER NOT NULL,               -- when the hour began
    failures        INTEGER NOT NULL,
    PRIMARY KEY (organisation_id, service_id)
) STRICT, WITHOUT ROWID;

-- How often a machine made a call that has a limit.
CREATE TABLE call_counts (
    organisation_id INTEGER NOT NULL REFERENCES organisations,
    machine_id      BLOB NOT NULL,
    call            TEXT NOT NULL,
    since           INTEGER NOT NULL,
    count           INTEGER NOT NULL,
    PRIMARY KEY (organisation_id, machine_id, call)
) STRICT, WITHOUT ROWID;
