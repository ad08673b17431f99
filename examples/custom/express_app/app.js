// An Express application as it would be written for any server: nothing in it knows of the engine but the port's name.
const express = require('express');
const app = express();
app.use(express.raw({type: '*/*', limit: '6mb'}));

app.post('/invoke', (req, res) => {  // how an event comes
    const text = Buffer.isBuffer(req.body) ? req.body.toString() : '';
    res.json({words: text.split(/\s+/).filter(Boolean).length, requestId: req.get('x-fc-request-id')});
});
app.get('*', (req, res) => res.type('text/plain').send(`you asked for ${req.path}\n`));

const server = app.listen(process.env.FC_SERVER_PORT || 9000, '0.0.0.0');
server.keepAliveTimeout = 0;  // the engine ends connections itself
