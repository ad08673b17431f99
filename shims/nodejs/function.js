// A function's environment: its code, loaded when first called, and call after call of it.
//
// Not here: frames (channel.js), the context (context.js), the shape of errors (errors.js), output (output.js).
'use strict';
const fs = require('fs');
const path = require('path');
const { createRequire } = require('module');
const { pathToFileURL } = require('url');
const { contextClass, requestIdOf } = require('./context');
const { LoadError, errorJson, errorText } = require('./errors');
const http = require('./http');
const output = require('./output');

const HANDLER = 0, HTTP = 4;
const AS_MODULE = new Set(['ERR_REQUIRE_ESM', 'ERR_REQUIRE_ASYNC_MODULE']);

// Does the nearest package.json, no further up than `root`, make .js files ES modules?
function isModulePackage(file, root) {
    for (let at = path.dirname(file); ; at = path.dirname(at)) {
        try {
            return JSON.parse(fs.readFileSync(path.join(at, 'package.json'), 'utf8')).type === 'module';
        } catch (error) {
            if (error.code !== 'ENOENT') return false;
        }
        if (at === root || at === path.dirname(at)) return false;
    }
}

async function loadModule(root, name) {
    const base = path.join(root, name);
    const found = ['', '.js', '.cjs', '.mjs'].map((ending) => base + ending).find((file) =>
        fs.statSync(file, { throwIfNoEntry: false })?.isFile());
    const asModule = () => import(pathToFileURL(found).href);
    if (found?.endsWith('.mjs') || (found?.endsWith('.js') && isModulePackage(found, root))) return asModule();
    try {
        return createRequire(path.join(root, 'main.js'))(found ?? base);
    } catch (error) {
        if (AS_MODULE.has(error?.code)) return asModule();
        throw error;
    }
}

function asLoadError(error) {
    if (error?.code === 'MODULE_NOT_FOUND' || error?.code === 'ERR_MODULE_NOT_FOUND')
        return new LoadError('ImportModuleError', error.message, error);
    if (error instanceof SyntaxError) return new LoadError('UserCodeSyntaxError', `SyntaxError: ${error.message}`, error);
    return new LoadError('UserCodeError', errorText(error).split('\n')[0], error);
}

async function loadFunction(root, name) {
    const dot = name.lastIndexOf('.');
    if (dot <= 0 || dot === name.length - 1) throw new LoadError('InvalidHandlerName', `Invalid handler '${name}'`);
    const [moduleName, functionName] = [name.slice(0, dot), name.slice(dot + 1)];
    output.say(`load code for handler:${name}\n`);
    let module;
    try {
        module = await loadModule(root, moduleName);
    } catch (error) {
        throw asLoadError(error);
    }
    const found = module?.[functionName] ?? module?.default?.[functionName];
    if (typeof found !== 'function')
        throw new LoadError('HandlerNotFound', `Handler '${functionName}' is missing on module '${moduleName}'`);
    return found.bind(module);
}

// Bytes or text of a result.
function encode(result) {
    if (typeof result === 'string' || Buffer.isBuffer(result)) return result;
    if (result === null || result === undefined) return '';
    if (result instanceof Uint8Array) return Buffer.from(result.buffer, result.byteOffset, result.byteLength);
    return typeof result === 'object' ? JSON.stringify(result) ?? '' : String(result);
}

class Environment {
    // answer(result, isHttp) and fail(json, handled), once for each call.
    constructor(load, root, answer, fail) {
        this.names = [load.handler, load.initializer, load.preFreeze, load.preStop, load.handler];  // by kind of call
        this.functions = this.names.map(() => undefined);
        this.root = root;
        this.Context = contextClass(load);
        this.answer = answer;
        this.fail = fail;
        this.running = null;  // the call that has no answer yet
    }

    call(kind, contextText, event) {
        const requestId = requestIdOf(contextText);
        const running = { kind, requestId };
        this.running = running;
        output.current.requestId = requestId;
        const context = new this.Context(requestId, contextText);
        const found = this.functions[kind];
        if (found !== undefined) {
            this.start(running, found, context, event);
            return;
        }
        loadFunction(this.root, this.names[kind] ?? '').then(
            (loaded) => {
                this.functions[kind] = loaded;
                // outside of this promise, so that what the handler throws is the handler's
                setImmediate(() => this.start(running, loaded, context, event));
            },
            (error) => this.failed(running, error));
    }

    start(running, found, context, event) {
        if (running.kind === HTTP) {
            this.respond(running, found, context, event);
            return;
        }
        const callback = (error, result) => {
            if (error !== null && error !== undefined) this.failed(running, error, true);
            else this.succeeded(running, result);
        };
        try {
            const result = running.kind === HANDLER ? found(event, context, callback) : found(context, callback);
            if (typeof result?.then === 'function')
                result.then((value) => this.succeeded(running, value), (error) => this.failed(running, error));
        } catch (error) {
            this.failed(running, error);
        }
    }

    // The call ends with response.send(), whenever that is; or with an error.
    respond(running, found, context, body) {
        const response = new http.Response((payload, error) => {
            if (error !== null) this.failed(running, error);
            else if (this.running === running) {
                this.running = null;
                this.answer(payload, true);
            }
        });
        try {
            const result = found(new http.Request(context.http, body), response, context);
            if (typeof result?.then === 'function') result.then(undefined, (error) => this.failed(running, error));
        } catch (error) {
            this.failed(running, error);
        }
    }

    succeeded(running, result) {
        if (this.running !== running) return;  // answered already
        let encoded;
        try {
            encoded = encode(result);
        } catch (error) {
            this.failed(running, error);
            return;
        }
        this.running = null;
        this.answer(running.kind === HANDLER ? encoded : '', false);
    }

    failed(running, error, handled = false, done = undefined) {
        if (this.running !== running) return;
        if (!handled) output.writeAll(output.current.stderr, `${errorText(error)}\n`);
        this.running = null;
        this.fail(errorJson(error, handled ? 'FunctionHandledError' : 'FunctionUnhandledError'), handled, done);
    }
}

module.exports = { Environment };
