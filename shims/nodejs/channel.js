// The frames of the channel, as engine/protocol/channel.h has them: one read and one write for a small call.
//
// Here: bytes to calls and answers to bytes, on descriptors 3 and 5. Not here: what a call does (function.js).
'use strict';
const fs = require('fs');
const net = require('net');
const output = require('./output');

const CALLS = 3, MEMORY = 4, ANSWERS = 5;
const READY = 1, LOAD = 4, INVOKE = 5, RESULT = 6, ERROR = 7;
const HANDLED = 1, HTTP_HEAD = 1, LAST = 2, SHARED = 4;
const HEAD_BYTES = 16, INVOKE_BYTES = 8;
const MOST_LOAD_BYTES = 1 << 20;
const AT_ONCE = 1 << 16;  // a frame of up to so many bytes comes in one read and goes out in one piece

class Channel {
    // onFrame(type, request, payload): the payload is valid during the call only, but for an INVOKE of more than AT_ONCE.
    constructor(onFrame, onBroken, onEnd) {
        this.onFrame = onFrame;
        this.onBroken = onBroken;
        this.expected = LOAD;
        this.small = Buffer.allocUnsafeSlow(AT_ONCE);
        this.frame = this.small;  // where the frame that is coming in goes
        this.filled = 0;
        this.total = 0;           // of that frame, head included; 0: its head is not there yet
        this.out = Buffer.allocUnsafeSlow(AT_ONCE);
        this.memory = { resultsFrom: Infinity, resultsAt: 0, size: 0 };  // as LOAD says: which results go through shared memory
        this.socket = new net.Socket({
            fd: CALLS, readable: true, writable: false,
            onread: { buffer: () => this.free(), callback: (count) => this.take(count) },
        });
        this.socket.on('error', onEnd);
        this.socket.on('close', onEnd);
        this.socket.on('end', onEnd);
    }

    free() { return this.filled === 0 ? this.frame : this.frame.subarray(this.filled); }

    take(count) {
        this.filled += count;
        for (;;) {
            if (this.total === 0) {
                if (this.filled < HEAD_BYTES) return true;
                if (!this.begin()) return false;
            }
            if (this.filled < this.total) return true;
            const { frame, filled, total } = this;
            this.total = 0;
            if (filled > total) {  // the beginning of another frame came along, which the payload may not be kept beside
                const rest = Buffer.from(frame.subarray(total, filled));
                this.deliver(frame, total);
                this.frame = this.small;
                rest.copy(this.small);
                this.filled = rest.length;
                continue;
            }
            this.filled = 0;
            this.frame = this.small;
            this.deliver(frame, total);
            return true;
        }
    }

    begin() {
        const length = this.frame.readUInt32LE(0);
        const type = this.frame.readUInt16LE(4);
        const least = type === INVOKE ? INVOKE_BYTES : 0;
        if (type !== this.expected || length < least || (type === LOAD && length > MOST_LOAD_BYTES)) {
            this.onBroken(`a frame of type ${type} and ${length} bytes where one of type ${this.expected} was to come`);
            return false;
        }
        this.expected = INVOKE;  // after the one LOAD nothing else comes
        this.total = HEAD_BYTES + length;
        if (this.total > this.frame.length) {
            const large = Buffer.allocUnsafeSlow(this.total);
            this.frame.copy(large, 0, 0, this.filled);
            this.frame = large;
        }
        return true;
    }

    deliver(frame, total) {
        // request numbers are handed back as the two halves they came in
        this.onFrame(frame.readUInt16LE(4), frame.readUInt32LE(8), frame.readUInt32LE(12), frame, HEAD_BYTES, total);
    }

    sendReady() {
        const ready = Buffer.alloc(HEAD_BYTES + 16);
        ready.writeUInt32LE(16, 0);
        ready.writeUInt16LE(READY, 4);
        ready.writeBigUInt64LE(process.hrtime.bigint(), HEAD_BYTES + 8);  // CLOCK_MONOTONIC
        output.writeAll(ANSWERS, ready);
    }

    // Where the payload lies in shared memory, once it does; null for one that goes over the pipe: a small one, or when the
    // function has lowered its limits since.
    put(payload) {
        const { resultsAt, size } = this.memory;
        const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload;
        if (resultsAt + bytes.length > size) return null;
        try {
            if (fs.writeSync(MEMORY, bytes, 0, bytes.length, resultsAt) !== bytes.length) return null;
        } catch {
            return null;
        }
        const where = Buffer.allocUnsafe(8);
        where.writeUInt32LE(resultsAt, 0);
        where.writeUInt32LE(bytes.length, 4);
        return where;
    }

    // `done` is called once all of it has left this process.
    send(type, flags, low, high, payload, done) {
        const where = type === RESULT && payload.length >= this.memory.resultsFrom ? this.put(payload) : null;
        if (where !== null) {
            payload = where;
            flags |= SHARED;
        }
        const { out } = this;
        let length;
        let whole = null;
        if (typeof payload === 'string' && payload.length * 3 <= AT_ONCE - HEAD_BYTES) {
            length = out.utf8Write(payload, HEAD_BYTES);
        } else {
            const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload;
            length = bytes.length;
            if (length <= AT_ONCE - HEAD_BYTES) out.set(bytes, HEAD_BYTES);
            else whole = bytes;
        }
        out.writeUInt32LE(length, 0);
        out.writeUInt16LE(type, 4);
        out.writeUInt16LE(flags, 6);
        out.writeUInt32LE(low, 8);
        out.writeUInt32LE(high, 12);
        const parts = whole === null ? [out.subarray(0, HEAD_BYTES + length)] : [out.subarray(0, HEAD_BYTES), whole];
        this.write(parts, done);
    }

    write(parts, done) {
        for (const part of parts) output.writeAll(ANSWERS, part);
        if (done !== undefined) done();
    }
}

// The event of an INVOKE, in frame[begin..end); null where it says a place in shared memory that is none.
function eventOf(frame, begin, end) {
    if ((frame.readUInt16LE(6) & SHARED) === 0) {
        const event = Buffer.allocUnsafe(end - begin);  // small frames are read into a buffer that is used again
        frame.copy(event, 0, begin, end);
        return event;
    }
    if (end - begin !== 8) return null;
    const event = Buffer.allocUnsafeSlow(frame.readUInt32LE(begin + 4));
    return fs.readSync(MEMORY, event, 0, event.length, frame.readUInt32LE(begin)) === event.length ? event : null;
}

module.exports = { Channel, eventOf, HEAD_BYTES, LOAD, INVOKE, RESULT, ERROR, HANDLED, HTTP_HEAD, LAST, INVOKE_BYTES };
