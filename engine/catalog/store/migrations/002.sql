-- Versions, aliases, and the whole of what services and functions may say. What a service or a function is called stays in a row
-- that changes; what it is lies in revisions, which never change and which LATEST and versions point at. Settings are JSON, the keys
-- those of the public API where it has them (settings_json.cc).
ALTER TABLE services RENAME TO services_001;
ALTER TABLE functions RENAME TO functions_001;

CREATE TABLE service_revisions (
    number      INTEGER PRIMARY KEY,
    service_id  TEXT NOT NULL,
    settings    TEXT NOT NULL,
    modified_ms INTEGER NOT NULL,
    etag        TEXT NOT NULL
) STRICT;

CREATE TABLE services (
    id           TEXT PRIMARY KEY,
    name         TEXT NOT NULL UNIQUE,
    revision     INTEGER NOT NULL REFERENCES service_revisions (number),
    tags         TEXT NOT NULL,
    created_ms   INTEGER NOT NULL,
    last_version INTEGER NOT NULL -- the newest id ever given
) STRICT, WITHOUT ROWID;

CREATE TABLE function_revisions (
    number        INTEGER PRIMARY KEY,
    service_id    TEXT NOT NULL,
    function_id   TEXT NOT NULL,
    name          TEXT NOT NULL,
    settings      TEXT NOT NULL,
    code_name     TEXT NOT NULL CHECK (length(code_name) = 64),
    code_size     INTEGER NOT NULL,
    code_checksum INTEGER NOT NULL, -- CRC-64, the same 64 bits as a signed number
    package       TEXT NOT NULL,    -- sha256 of what was uploaded; empty: it was not kept
    created_ms    INTEGER NOT NULL,
    modified_ms   INTEGER NOT NULL,
    etag          TEXT NOT NULL
) STRICT;

CREATE TABLE functions (
    id         TEXT PRIMARY KEY,
    service_id TEXT NOT NULL REFERENCES services (id),
    name       TEXT NOT NULL,
    revision   INTEGER NOT NULL REFERENCES function_revisions (number),
    UNIQUE (service_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE versions (
    service_id       TEXT NOT NULL REFERENCES services (id),
    id               INTEGER NOT NULL,
    description      TEXT NOT NULL,
    created_ms       INTEGER NOT NULL,
    service_revision INTEGER NOT NULL REFERENCES service_revisions (number),
    functions        TEXT NOT NULL, -- numbers of their revisions, separated by commas
    PRIMARY KEY (service_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE aliases (
    service_id    TEXT NOT NULL REFERENCES services (id),
    name          TEXT NOT NULL,
    description   TEXT NOT NULL,
    version       TEXT NOT NULL, -- perhaps of one that is gone
    extra_weights TEXT NOT NULL,
    created_ms    INTEGER NOT NULL,
    modified_ms   INTEGER NOT NULL,
    etag          TEXT NOT NULL,
    PRIMARY KEY (service_id, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX services_of_revision ON services (revision);
CREATE INDEX functions_of_revision ON functions (revision);
CREATE INDEX versions_of_service_revision ON versions (service_revision);

INSERT INTO service_revisions (service_id, settings, modified_ms, etag)
SELECT id, json_object('description', description, 'role', role, 'internetAccess', json(iif(internet_access, 'true', 'false')),
                       'logConfig', json_object('project', log_project, 'logstore', log_logstore)), modified_ms, etag
FROM services_001;
INSERT INTO services
SELECT s.id, s.name, r.number, '{}', s.created_ms, 0 FROM services_001 s JOIN service_revisions r ON r.service_id = s.id;

INSERT INTO function_revisions (service_id, function_id, name, settings, code_name, code_size, code_checksum, package, created_ms,
                                modified_ms, etag)
SELECT f.service_id, f.id, f.name,
       json_object('description', f.description, 'runtime', f.runtime, 'handler', f.handler, 'initializer', f.initializer,
                   'timeout', f.timeout_s, 'initializationTimeout', f.initialization_timeout_s, 'memorySize', f.memory_mib,
                   'environmentVariables', (SELECT json_group_object(e.name, e.value) FROM function_environment e
                                            WHERE e.function_id = f.id)),
       p.name, p.size, p.checksum, '', f.created_ms, f.modified_ms, f.etag
FROM functions_001 f JOIN packages p ON p.name = f.package;
INSERT INTO functions
SELECT f.id, f.service_id, f.name, r.number FROM functions_001 f JOIN function_revisions r ON r.function_id = f.id;

DROP TABLE function_environment;
DROP TABLE functions_001;
DROP TABLE packages;
DROP TABLE services_001;
