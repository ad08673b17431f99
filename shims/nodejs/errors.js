// What went wrong, as the JSON of an ERROR frame in the shape functions of this language are known for.
'use strict';
const util = require('util');

const MOST_MESSAGE = 1 << 16;
const OWN = `${__dirname}/`;

// The code could not be loaded; its name is what callers see as errorType.
class LoadError extends Error {
    constructor(name, message, cause) {
        super(message);
        this.name = name;
        if (cause instanceof Error) this.stack = cause.stack;
    }
}

const isError = (value) => value instanceof Error || util.types.isNativeError(value);

function textOf(value) {
    try {
        return typeof value === 'object' && value !== null ? JSON.stringify(value) ?? String(value) : String(value);
    } catch {
        return Object.prototype.toString.call(value);
    }
}

// The lines of a stack without the shim's own, and without what lies below the function's code.
function stackOf(error) {
    const lines = String(error.stack ?? '').slice(0, MOST_MESSAGE).split('\n').filter((text) => !text.includes(OWN));
    while (lines.length > 1 && /^ +at .*\(?node:/.test(lines.at(-1))) lines.pop();
    return lines;
}

// `otherwise` is the errorType of what is no Error.
function errorJson(error, otherwise) {
    try {
        if (!isError(error))
            return JSON.stringify({ errorMessage: textOf(error).slice(0, MOST_MESSAGE), errorType: otherwise, stackTrace: [] });
        return JSON.stringify({
            errorMessage: String(error.message).slice(0, MOST_MESSAGE),
            errorType: String(error.name),
            stackTrace: stackOf(error).map((text) => text.trim()).filter((text) => text !== ''),
        });
    } catch {  // an error whose parts throw when they are read
        return JSON.stringify({ errorMessage: 'an error that cannot be read', errorType: otherwise, stackTrace: [] });
    }
}

function errorText(error) {
    try {
        return isError(error) ? stackOf(error).join('\n') || String(error) : textOf(error);
    } catch {
        return 'an error that cannot be read';
    }
}

module.exports = { LoadError, errorJson, errorText };
