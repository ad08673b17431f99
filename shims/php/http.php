<?php
// An HTTP call as functions see it: a PSR-7 request in, a PSR-7 response out.
//
// The implementation is Debian's guzzlehttp/psr7, or the function's own if it brings one; RingCentral\Psr7, the name under which
// functions know it, stands for the same classes. Nothing of it is loaded before it is needed, so that a function's own is not mixed
// with it.
declare(strict_types=1);

namespace Hotcell;

use Psr\Http\Message\ResponseInterface;
use Psr\Http\Message\ServerRequestInterface;

function offer_psr7(): void
{
    spl_autoload_register(static function (string $class): void {
        if (str_starts_with($class, 'RingCentral\\Psr7\\')) {
            $known = 'GuzzleHttp\\Psr7\\' . substr($class, 17);
            if (class_exists($known) || interface_exists($known)) class_alias($known, $class);
        } elseif (str_starts_with($class, 'GuzzleHttp\\Psr7\\') || str_starts_with($class, 'Psr\\Http\\Message\\')) {
            static $offered = false;
            if ($offered) return;
            $offered = true;
            require_once 'GuzzleHttp/Psr7/autoload.php';
            class_exists($class) || interface_exists($class); // by the loader that is there now
        }
    });
}

/** `http` is what the call's context has under that key. */
function request_of(array $http, string $body): ServerRequestInterface
{
    $query = explode('?', $http['requestURI'], 2)[1] ?? '';
    $uri = 'http://' . ($http['host'] ?: 'localhost') . $http['path'] . ($query === '' ? '' : "?$query");
    $server = [
        'REQUEST_METHOD' => $http['method'],
        'REQUEST_URI' => $http['requestURI'],
        'QUERY_STRING' => $query,
        'REMOTE_ADDR' => $http['clientIP'] ?? '',
        'SERVER_PROTOCOL' => 'HTTP/1.1',
    ];
    $request = new \GuzzleHttp\Psr7\ServerRequest($http['method'], $uri, $http['headers'] ?? [], $body, '1.1', $server);
    $queries = [];
    foreach ($http['queries'] ?? [] as $name => $values) $queries[$name] = count($values) === 1 ? $values[0] : $values;
    $cookies = [];
    foreach (explode(';', $request->getHeaderLine('cookie')) as $pair) {
        [$name, $value] = explode('=', trim($pair), 2) + ['', ''];
        if ($name !== '') $cookies[$name] = urldecode($value);
    }
    $request = $request->withQueryParams($queries)->withCookieParams($cookies)
        ->withAttribute('path', $http['path'])
        ->withAttribute('requestURI', $http['requestURI'])
        ->withAttribute('clientIP', $http['clientIP'] ?? '');
    if (str_starts_with(strtolower($request->getHeaderLine('content-type')), 'application/x-www-form-urlencoded')) {
        parse_str($body, $form);
        $request = $request->withParsedBody($form);
    }
    return $request;
}

/** The payload of the RESULT frame. */
function payload_of(mixed $response): string
{
    if (!$response instanceof ResponseInterface)
        throw new \TypeError('the handler of an HTTP call returns a response (RingCentral\\Psr7\\Response), not ' . get_debug_type($response));
    $headers = [];
    foreach ($response->getHeaders() as $name => $values) $headers[strtolower((string) $name)] = array_values($values);
    $head = json_encode(['status' => $response->getStatusCode(), 'headers' => (object) $headers],
        JSON_THROW_ON_ERROR | JSON_INVALID_UTF8_SUBSTITUTE | JSON_UNESCAPED_SLASHES);
    return pack('V', strlen($head)) . $head . $response->getBody();
}
