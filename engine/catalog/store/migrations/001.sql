-- Services, their functions, and the packages that functions run. What a function is called and what it runs are apart, so
-- that versions can point to the same packages.
CREATE TABLE services (
    id              TEXT PRIMARY KEY,
    name            TEXT NOT NULL UNIQUE,
    description     TEXT NOT NULL,
    role            TEXT NOT NULL,
    log_project     TEXT NOT NULL,
    log_logstore    TEXT NOT NULL,
    internet_access INTEGER NOT NULL CHECK (internet_access IN (0, 1)),
    created_ms      INTEGER NOT NULL,
    modified_ms     INTEGER NOT NULL,
    etag            TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE packages (
    name     TEXT PRIMARY KEY CHECK (length(name) = 64),
    size     INTEGER NOT NULL,
    checksum INTEGER NOT NULL -- CRC-64, the same 64 bits as a signed number
) STRICT, WITHOUT ROWID;

CREATE TABLE functions (
    id                       TEXT PRIMARY KEY,
    service_id               TEXT NOT NULL REFERENCES services (id),
    name                     TEXT NOT NULL,
    description              TEXT NOT NULL,
    runtime                  TEXT NOT NULL,
    handler                  TEXT NOT NULL,
    initializer              TEXT NOT NULL,
    timeout_s                INTEGER NOT NULL,
    initialization_timeout_s INTEGER NOT NULL,
    memory_mib               INTEGER NOT NULL,
    package                  TEXT NOT NULL REFERENCES packages (name),
    created_ms               INTEGER NOT NULL,
    modified_ms              INTEGER NOT NULL,
    etag                     TEXT NOT NULL,
    UNIQUE (service_id, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX functions_of_package ON functions (package);

CREATE TABLE function_environment (
    function_id TEXT NOT NULL REFERENCES functions (id) ON DELETE CASCADE,
    name        TEXT NOT NULL,
    value       TEXT NOT NULL,
    PRIMARY KEY (function_id, name)
) STRICT, WITHOUT ROWID;
