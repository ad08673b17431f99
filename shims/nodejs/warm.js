// Functions to warm up with: loaded from a file and called as any other.
'use strict';
exports.callback = (event, context, callback) => {
    console.log('called with %d bytes', event.length);
    callback(null, { size: event.length, retries: context.retryCount });
};
exports.promise = async (event, context) => {
    context.logger.info('called');
    return `${event}`;
};
exports.respond = (request, response) => {
    response.setHeader('content-type', 'text/plain');
    response.send(request.body);
};
exports.failing = async () => { throw new Error('warm'); };
