<?php
// php -S 127.0.0.1:PORT library.php: the handler behind the server that PHP's command line has, which ends a connection with its answer.
require_once 'index.php';

$result = handler(file_get_contents('php://input'), null);
header('Content-Type: application/octet-stream');
header('Content-Length: ' . strlen($result));
echo $result;
