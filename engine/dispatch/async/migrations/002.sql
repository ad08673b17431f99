-- Calls of HTTP functions: the request without its body, which is the event.
CREATE TABLE http_calls (
    number  INTEGER PRIMARY KEY REFERENCES invocations (number) ON DELETE CASCADE,
    request BLOB NOT NULL
) STRICT;
