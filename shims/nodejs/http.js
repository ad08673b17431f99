// An HTTP call as functions see it: `handler(request, response, context)`.
//
// Here: the two objects, and the payload of the RESULT frame. Not here: which call runs, what becomes of errors (function.js).
'use strict';
const { Readable } = require('stream');

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

const textOf = (values, between) => (values.length === 1 ? values[0] : values.join(between));

// The head of the request, and its body as a stream.
class Request extends Readable {
    constructor(http, body) {
        super();
        this.method = http.method;
        this.path = http.path;
        this.url = http.requestURI;
        this.clientIP = http.clientIP;
        this.queries = {};
        for (const [name, values] of Object.entries(http.queries ?? {}))
            this.queries[name] = values.length === 1 ? values[0] : values;
        this.headers = {};
        for (const [name, values] of Object.entries(http.headers ?? {}))
            this.headers[name] = textOf(values, name === 'cookie' ? '; ' : ', ');
        this.body = body;  // also as a whole: it is there already
        this.httpVersion = '1.1';
    }

    getHeader(name) { return this.headers[String(name).toLowerCase()]; }

    _read() {
        if (this.body.length > 0) this.push(this.body);
        this.push(null);
    }
}

// done(payload, null) or done(null, error), once. Nothing else is answered by an HTTP call.
class Response {
    #status = 200;
    #headers = new Map();  // lower case → values
    #done;
    #sent = false;

    constructor(done) { this.#done = done; }

    setStatusCode(status) {
        const number = Number(status);
        if (!Number.isInteger(number) || number < 100 || number > 999) throw new RangeError(`Invalid status code: ${status}`);
        this.#status = number;
    }

    setHeader(name, value) {
        const text = String(name);
        if (!TOKEN.test(text)) throw new TypeError(`Header name must be a valid HTTP token ["${text}"]`);
        if (value === undefined) throw new TypeError(`Invalid value "undefined" for header "${text}"`);
        this.#headers.set(text.toLowerCase(), (Array.isArray(value) ? value : [value]).map(String));
    }

    deleteHeader(name) { this.#headers.delete(String(name).toLowerCase()); }
    hasHeader(name) { return this.#headers.has(String(name).toLowerCase()); }
    getHeader(name) {
        const values = this.#headers.get(String(name).toLowerCase());
        return values?.length === 1 ? values[0] : values;
    }

    // Bytes, text, a stream; nothing: an empty body. A second time does nothing.
    send(body) {
        if (this.#sent) return;
        if (typeof body?.pipe === 'function') {
            this.#sent = true;
            this.#collect(body);
            return;
        }
        const bytes = this.#bytesOf(body);
        this.#sent = true;
        this.#finish([bytes]);
    }

    #bytesOf(body) {
        if (body === undefined || body === null) return Buffer.alloc(0);
        if (typeof body === 'string') return Buffer.from(body);
        if (body instanceof Uint8Array) return body;
        throw new TypeError(`response.send() takes a Buffer, a string or a stream, not ${typeof body}`);
    }

    #collect(stream) {
        const pieces = [];
        stream.on('data', (piece) => pieces.push(typeof piece === 'string' ? Buffer.from(piece) : piece));
        stream.on('error', (error) => this.#done(null, error));
        stream.on('end', () => this.#finish(pieces));
    }

    #finish(pieces) {
        const head = Buffer.from(JSON.stringify({ status: this.#status, headers: Object.fromEntries(this.#headers) }));
        const size = Buffer.alloc(4);
        size.writeUInt32LE(head.length);
        this.#done(Buffer.concat([size, head, ...pieces]), null);
    }
}

module.exports = { Request, Response };
