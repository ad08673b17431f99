// Node.js as a function environment: `node shim.js [--code DIR]` with the channel as descriptors 3 and 5.
//
// Boots, warms up, says READY, becomes the environment that LOAD names (docs/protocol/shim-channel.md). DIR is where the
// code lies, /code unless a test says otherwise.
'use strict';
// what functions commonly need: loaded here, before anybody waits
for (const name of ['assert', 'buffer', 'child_process', 'crypto', 'dns', 'events', 'fs', 'fs/promises', 'http', 'https', 'net',
    'os', 'path', 'perf_hooks', 'querystring', 'stream', 'stream/promises', 'string_decoder', 'timers/promises', 'tls', 'tty',
    'url', 'util', 'v8', 'vm', 'worker_threads', 'zlib'])
    require(name);
const fs = require('fs');
const Module = require('module');
const v8 = require('v8');
const { Channel, eventOf, HEAD_BYTES, LOAD, RESULT, ERROR, HANDLED, HTTP_HEAD, LAST, INVOKE_BYTES } = require('./channel');
const { errorText } = require('./errors');
const { Environment } = require('./function');
const output = require('./output');

let environment = null;
let low = 0;  // the halves of the number of the request that is being answered
let high = 0;

function stop(status, message) {
    if (message) output.writeAll(2, `hotcell shim: ${message}\n`);
    process.exit(status);
}

function replaceEnvironment(variables) {
    for (const name of Object.keys(process.env)) delete process.env[name];
    const layers = '/usr/local/lib/node_modules:/opt/nodejs/node_modules';
    process.env.NODE_PATH = variables.NODE_PATH ? `${variables.NODE_PATH}:${layers}` : layers;
    Module._initPaths();  // reads NODE_PATH again
    delete process.env.NODE_PATH;
    Object.assign(process.env, variables);
}

// The heap of a process that was prepared has no limit of the function's: by how much it may grow between two collections is
// the one thing that can be said later. Without it V8 lets garbage pile up to a multiple of what is in use.
function limitGrowth(memory) {
    const percent = memory < 512 ? 20 : memory < 1024 ? 50 : 0;  // 0: as V8 sees fit
    v8.setFlagsFromString(`--heap-growing-percent=${percent}`);
}

function become(load, code, answer, fail) {
    if (typeof load.handler !== 'string') throw new Error('handler is not a string');
    replaceEnvironment(load.env || {});
    limitGrowth(load.function?.memory ?? 128);
    process.chdir(code);
    process.argv = [process.argv[0], code];
    return new Environment(load, code, answer, fail);
}

function take(frame, begin, end, invoke) {
    const at = begin + INVOKE_BYTES;
    const kind = frame.readUInt32LE(begin);
    const eventAt = at + frame.readUInt32LE(begin + 4);
    if (kind > 4 || eventAt > end) stop(1, 'a call of a kind or size that there is not');
    const event = eventOf(frame, eventAt, end);
    if (event === null) stop(1, 'an event that does not lie in shared memory');
    invoke(kind, frame.utf8Slice(at, eventAt), event);
}

// Goes the whole way from LOAD to answers, with /dev/null for standard output, until it has been compiled.
async function warmUp() {
    output.current.stdout = output.current.stderr = fs.openSync('/dev/null', 'w');
    const context = '{"requestId":"warm","deadlineMs":1,"credentials":{},"retryCount":0,"http":{"method":"GET","path":"/",' +
        '"requestURI":"/","headers":{"accept":["*/*"]}}}';
    const frame = Buffer.alloc(HEAD_BYTES + INVOKE_BYTES + context.length + 5);
    frame.writeUInt32LE(context.length, HEAD_BYTES + 4);
    frame.write(context, HEAD_BYTES + INVOKE_BYTES);
    for (const [name, kind, times] of [['callback', 0, 300], ['promise', 0, 300], ['respond', 4, 30], ['failing', 0, 3]]) {
        frame.writeUInt32LE(kind, HEAD_BYTES);
        const load = JSON.parse(JSON.stringify({ handler: `warm.${name}`, env: process.env, function: {}, service: {} }));
        let answered;
        const warm = become(load, __dirname, () => answered(), () => answered());
        for (let i = 0; i < times; ++i) {
            await new Promise((resolve) => {
                answered = resolve;
                take(frame, HEAD_BYTES, frame.length, (which, text, event) => warm.call(which, text, event));
            });
        }
    }
    fs.closeSync(output.current.stdout);
    output.current.stdout = 1;
    output.current.stderr = 2;
}

async function main(args) {
    let code = '/code';
    if (args.length === 2 && args[0] === '--code') code = args[1];
    else if (args.length > 0) stop(1, 'usage: shim.js [--code DIR]');
    output.install();
    await warmUp();
    const onFrame = (type, requestLow, requestHigh, frame, begin, end) => {
        if (type === LOAD) {
            try {
                const answer = (result, isHttp) => channel.send(RESULT, isHttp ? HTTP_HEAD : 0, low, high, result);
                const fail = (json, handled, done) =>
                    channel.send(ERROR, (handled ? HANDLED : 0) | (done ? LAST : 0), low, high, json, done);
                const load = JSON.parse(frame.utf8Slice(begin, end));
                Object.assign(channel.memory, load.memory);
                environment = become(load, code, answer, fail);
            } catch (error) {
                stop(1, `LOAD: ${error.message}`);
            }
            return;
        }
        if (environment.running !== null) stop(1, 'a call while another has no answer');
        low = requestLow;
        high = requestHigh;
        take(frame, begin, end, (kind, text, event) => environment.call(kind, text, event));
    };
    const channel = new Channel(onFrame, (what) => stop(1, what), () => stop(0));
    process.on('uncaughtException', (error) => {
        if (process.listenerCount('uncaughtException') > 1) return;  // the function has taken it upon itself
        const exit = () => process.exit(1);
        if (environment?.running) environment.failed(environment.running, error, false, exit);
        else {
            output.writeAll(2, `${errorText(error)}\n`);
            exit();
        }
    });
    channel.sendReady();
}

main(process.argv.slice(2));
