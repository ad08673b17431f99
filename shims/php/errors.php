<?php
// What went wrong, as the JSON of an ERROR frame in the shape functions of this language are known for.
declare(strict_types=1);

namespace Hotcell;

const MOST_MESSAGE = 1 << 16;
const MOST_FRAMES = 100; // the innermost

/** The code could not be loaded; `typeName` is what callers see. */
final class LoadError extends \Exception
{
    public function __construct(public readonly string $typeName, string $message, ?\Throwable $cause = null)
    {
        parent::__construct($message, 0, $cause);
    }
}

/** The trace without the shim's own frames. */
function trace_of(\Throwable $error): string
{
    $kept = [];
    foreach (explode("\n", $error->getTraceAsString()) as $line)
        if (!str_contains($line, __DIR__ . '/')) $kept[] = '#' . count($kept) . substr($line, strcspn($line, ' '));
    return implode("\n", array_slice($kept, 0, MOST_FRAMES));
}

function error_document(string $message, string $type, string $file, int $line, string $trace): string
{
    return json_encode([
        'errorMessage' => substr($message, 0, MOST_MESSAGE),
        'errorType' => $type,
        'stackTrace' => ['file' => $file, 'line' => $line, 'traceString' => $trace],
    ], JSON_INVALID_UTF8_SUBSTITUTE | JSON_UNESCAPED_SLASHES);
}

function error_json(\Throwable $error): string
{
    $type = $error instanceof LoadError ? $error->typeName : $error::class;
    $place = $error instanceof LoadError ? $error->getPrevious() : $error;
    return error_document($error->getMessage(), $type, $place?->getFile() ?? '', $place?->getLine() ?? 0,
        $place === null ? '' : trace_of($place));
}

function error_text(\Throwable $error): string
{
    $place = $error instanceof LoadError ? $error->getPrevious() : $error;
    if ($place === null) return "{$error->typeName}: {$error->getMessage()}\n";
    $text = 'PHP Fatal error:  Uncaught ' . $place::class . ": {$place->getMessage()} in {$place->getFile()}:{$place->getLine()}\n";
    return substr($text, 0, MOST_MESSAGE) . "Stack trace:\n" . trace_of($place) . "\n";
}
