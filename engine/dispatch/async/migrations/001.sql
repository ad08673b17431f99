-- Asynchronous calls: those that wait, those that run, and what is remembered of the stateful ones that have ended. Times called
-- *_ms are on the queue's own timeline (queue_clock.h); those called *_at are the wall clock's, for people.
CREATE TABLE clock (
    one       INTEGER PRIMARY KEY CHECK (one = 1),
    now_ms    INTEGER NOT NULL, -- when something was last written
    offset_ms INTEGER NOT NULL  -- the wall clock was that much ahead
) STRICT;

CREATE TABLE functions (
    id      INTEGER PRIMARY KEY,
    service TEXT NOT NULL,
    name    TEXT NOT NULL,
    UNIQUE (service, name)
) STRICT;

CREATE TABLE invocations (
    number             INTEGER PRIMARY KEY, -- in the order in which they came
    function           INTEGER NOT NULL REFERENCES functions (id),
    qualifier          TEXT NOT NULL,
    invocation_id      TEXT NOT NULL,
    request_id         TEXT NOT NULL,
    stateful           INTEGER NOT NULL CHECK (stateful IN (0, 1)),
    status             INTEGER NOT NULL,
    hops               INTEGER NOT NULL, -- how many destinations led here
    bytes              INTEGER NOT NULL,
    accepted_ms        INTEGER NOT NULL,
    due_ms             INTEGER, -- of those that wait
    ended_ms           INTEGER,
    attempts           INTEGER NOT NULL DEFAULT 0,
    function_errors    INTEGER NOT NULL DEFAULT 0,
    system_errors      INTEGER NOT NULL DEFAULT 0,
    started_at         INTEGER NOT NULL DEFAULT 0, -- the first attempt
    ended_at           INTEGER NOT NULL DEFAULT 0,
    instance_id        TEXT NOT NULL DEFAULT '',
    error_message      TEXT NOT NULL DEFAULT '',
    destination_status TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX invocations_waiting ON invocations (function, due_ms, number) WHERE due_ms IS NOT NULL;
CREATE INDEX invocations_of_function ON invocations (function);
CREATE INDEX invocations_ended ON invocations (ended_ms, bytes) WHERE ended_ms IS NOT NULL;
CREATE UNIQUE INDEX invocations_by_id ON invocations (function, qualifier, invocation_id) WHERE stateful = 1;
CREATE INDEX invocations_listed ON invocations (function, qualifier, number) WHERE stateful = 1;

-- Apart, because rows above are changed at every attempt and these are not.
CREATE TABLE events (
    number INTEGER PRIMARY KEY REFERENCES invocations (number) ON DELETE CASCADE,
    event  BLOB NOT NULL
) STRICT;
CREATE TABLE results (
    number INTEGER PRIMARY KEY REFERENCES invocations (number) ON DELETE CASCADE,
    result BLOB NOT NULL
) STRICT;

-- What has happened to a stateful one.
CREATE TABLE happenings (
    number INTEGER NOT NULL REFERENCES invocations (number) ON DELETE CASCADE,
    id     INTEGER NOT NULL,
    status INTEGER NOT NULL,
    at     INTEGER NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (number, id)
) STRICT, WITHOUT ROWID;
