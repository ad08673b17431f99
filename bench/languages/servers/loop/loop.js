// loop.js SOCKET: the handler behind a bare socket loop.
'use strict';
const net = require('net');
const path = require('path');
const { handler } = require(path.resolve('index.js'));

net.createServer((client) => {
  let received = Buffer.alloc(0);
  const serve = () => {
    const end = received.indexOf('\r\n\r\n');
    if (end < 0) return;
    const length = Number(/^content-length: *(\d+)/im.exec(received.toString('latin1', 0, end))?.[1] ?? 0);
    if (received.length < end + 4 + length) return;
    const event = received.subarray(end + 4, end + 4 + length);
    received = received.subarray(end + 4 + length);
    handler(event, null, (error, result) => {
      client.write(Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${result.length}\r\n\r\n`), result]));
      serve();
    });
  };
  client.on('error', () => client.destroy());
  client.on('data', (piece) => {
    received = received.length === 0 ? piece : Buffer.concat([received, piece]);
    serve();
  });
}).listen(process.argv[2]);
