<?php
// loop.php SOCKET: the handler behind a bare socket loop.
require 'index.php';

$listener = stream_socket_server("unix://$argv[1]");
for (;;) {
    $client = stream_socket_accept($listener, -1);
    while (($line = fgets($client)) !== false) {
        $length = 0;
        while (($header = rtrim(fgets($client))) !== '') {
            if (stripos($header, 'Content-Length:') === 0) {
                $length = (int) substr($header, 15);
            }
        }
        $result = handler($length > 0 ? stream_get_contents($client, $length) : '', null);
        fwrite($client, "HTTP/1.1 200 OK\r\nContent-Length: " . strlen($result) . "\r\n\r\n$result");
    }
    fclose($client);
}
