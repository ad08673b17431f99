// Standard output and error of a function: written at once, so that all of it lies in the pipe before the answer does.
//
// Here: the streams, console, the logger of a call. Not here: which call is running (function.js sets requestId).
'use strict';
const fs = require('fs');
const util = require('util');
const { Writable } = require('stream');

const pause = new Int32Array(new SharedArrayBuffer(4));

// All of it, or nothing when nobody reads any more. A pipe that is full is waited for.
function writeAll(fd, chunk) {
    let bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    while (bytes.length > 0) {
        try {
            bytes = bytes.subarray(fs.writeSync(fd, bytes));
        } catch (error) {
            if (error.code !== 'EAGAIN') return;
            Atomics.wait(pause, 0, 0, 1);  // only when a program the function started has made the pipe non-blocking
        }
    }
}

class StandardStream extends Writable {
    constructor(fd) {
        super({ decodeStrings: false, emitClose: false });
        this.fd = fd;
        this._type = 'pipe';
    }

    _write(chunk, encoding, done) {
        writeAll(this.fd, typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk);
        done();
    }

    _destroy(error, done) { done(error); }  // the descriptor stays open, as the real ones do
}

// The call that runs now, and where standard output is: elsewhere while the shim warms up.
const current = { requestId: '', stdout: 1, stderr: 2 };

function say(text) { writeAll(current.stdout, text); }

function line(level, requestId, args) {
    const text = args.length === 1 && typeof args[0] === 'string' ? args[0] : util.format(...args);
    writeAll(current.stdout, `${new Date().toISOString()} ${requestId} [${level}] ${text.replace(/\n/g, '\r')}\n`);
}

const LEVELS = { log: 'verbose', info: 'info', warn: 'warn', error: 'error', debug: 'debug' };

class Logger {
    constructor(requestId) { this.requestId = requestId; }
}
for (const [name, level] of Object.entries(LEVELS))
    Logger.prototype[name] = function (...args) { line(level, this.requestId, args); };

function install() {
    for (const [name, fd] of [['stdout', 1], ['stderr', 2]]) {
        const stream = new StandardStream(fd);
        Object.defineProperty(process, name, { configurable: true, enumerable: true, get: () => stream });
    }
    for (const [name, level] of Object.entries(LEVELS))
        console[name] = (...args) => line(level, current.requestId, args);
    console.dir = (value, options) => line('verbose', current.requestId, [util.inspect(value, options)]);
    console.trace = (...args) => {
        const trace = { name: 'Trace', message: util.format(...args) };
        Error.captureStackTrace(trace, console.trace);
        line('error', current.requestId, [trace.stack]);
    };
}

module.exports = { writeAll, say, current, Logger, install };
