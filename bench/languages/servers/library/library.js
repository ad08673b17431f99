// library.js SOCKET: the handler behind the HTTP server of Node.js' library.
'use strict';
const http = require('http');
const path = require('path');
const { handler } = require(path.resolve('index.js'));

http.createServer((request, response) => {
  const pieces = [];
  request.on('data', (piece) => pieces.push(piece));
  request.on('end', () => handler(Buffer.concat(pieces), null, (error, result) => {
    response.setHeader('Content-Length', result.length);
    response.end(result);
  }));
}).listen(process.argv[2]);
