// The context object of a call. What is the same for all calls of an environment is made once, on LOAD.
'use strict';
const { Logger } = require('./output');

const REQUEST_ID = '{"requestId":"';

// The class of the contexts of the environment that `load`, the payload of LOAD, describes. `text` is the call's JSON, parsed
// when something else than the request's id is asked for.
function contextClass(load) {
    const own = load.function || {};
    const service = load.service || {};
    const shared = {
        function: {
            name: own.name, handler: own.handler, memory: own.memory, timeout: own.timeout, initializer: own.initializer,
            initializationTimeout: own.initializationTimeout,
        },
        region: load.region || '',
        accountId: load.accountId || '',
        tracing: { openTracingSpanContext: undefined, openTracingSpanBaggages: {}, jaegerEndpoint: undefined },
    };
    return class FCContext {
        #text;
        #call;

        constructor(requestId, text) {
            this.requestId = requestId;
            this.#text = text;
            this.function = shared.function;
            this.region = shared.region;
            this.accountId = shared.accountId;
            this.tracing = shared.tracing;
            this.waitsForEmptyEventLoopBeforeCallback = false;  // what it asks for is not done: answers leave at once
        }

        #parsed() {
            if (this.#call === undefined) this.#call = JSON.parse(this.#text);
            return this.#call;
        }

        // which name of the version was asked for is the call's
        get service() {
            const { name, logProject, logStore, versionId } = service;
            const value = { name, logProject, logStore, qualifier: this.#parsed().qualifier ?? 'LATEST', versionId };
            Object.defineProperty(this, 'service', { value, configurable: true, enumerable: true, writable: true });
            return value;
        }
        get http() { return this.#parsed().http; }  // of an HTTP call: http.js makes the request of it
        get credentials() { return (this.#parsed().credentials ||= {}); }
        get retryCount() { return this.#parsed().retryCount ?? 0; }
        get deadlineMs() { return this.#parsed().deadlineMs ?? 0; }
        get logger() {
            const logger = new Logger(this.requestId);
            Object.defineProperty(this, 'logger', { value: logger, configurable: true, writable: true });
            return logger;
        }

        toJSON() {
            const { requestId, credentials, region, accountId, retryCount, tracing } = this;
            return {
                requestId, credentials, function: this.function, service: this.service, region, accountId, retryCount, tracing,
            };
        }
    };
}

// Of a context's JSON: at its beginning, where the engine writes it, or wherever else.
function requestIdOf(text) {
    if (text.startsWith(REQUEST_ID)) {
        const id = text.slice(REQUEST_ID.length, text.indexOf('"', REQUEST_ID.length));
        if (!id.includes('\\')) return id;
    }
    return String(JSON.parse(text).requestId ?? '');
}

module.exports = { contextClass, requestIdOf };
