<?php
// $GLOBALS['fcLogger']: `2022-04-01T10:04:19.024Z {request id} [INFO] text`, with the methods of PSR-3.
declare(strict_types=1);

namespace Hotcell;

final class Logger
{
    public static string $requestId = '';

    public function log($level, $message, array $context = []): void
    {
        $text = (string) $message;
        foreach ($context as $name => $value)
            if (is_scalar($value) || $value instanceof \Stringable) $text = str_replace('{' . $name . '}', (string) $value, $text);
        $now = microtime(true);
        $time = gmdate('Y-m-d\TH:i:s', (int) $now) . sprintf('.%03dZ', ((int) ($now * 1000)) % 1000);
        say("$time " . self::$requestId . ' [' . strtoupper((string) $level) . "] $text\n");
    }

    public function emergency($message, array $context = []): void { $this->log('emergency', $message, $context); }
    public function alert($message, array $context = []): void { $this->log('alert', $message, $context); }
    public function critical($message, array $context = []): void { $this->log('critical', $message, $context); }
    public function error($message, array $context = []): void { $this->log('error', $message, $context); }
    public function warning($message, array $context = []): void { $this->log('warning', $message, $context); }
    public function warn($message, array $context = []): void { $this->log('warning', $message, $context); }
    public function notice($message, array $context = []): void { $this->log('notice', $message, $context); }
    public function info($message, array $context = []): void { $this->log('info', $message, $context); }
    public function debug($message, array $context = []): void { $this->log('debug', $message, $context); }
}

/** A line of standard output, written at once. A function that has closed it has no log. */
function say(string $line): void
{
    if (is_resource(STDOUT)) @fwrite(STDOUT, $line);
}
