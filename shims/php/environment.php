<?php
// A process that becomes a function's environment: LOAD once, then call after call, until the channel ends.
//
// Not here: frames (channel.php), the context, the shape of errors, PSR-7 (http.php), the scope that code is loaded in (shim.php).
declare(strict_types=1);

namespace Hotcell;

final class Environment
{

    private static Channel $channel;
    private static string $root = '/code';
    private static array $names = [];   // by kind of call
    private static array $loaded = [];  // file → null, or the error that it ended with
    private static ?Context $context = null;
    private static ?array $call = null; // the one that has no answer yet: kind, context, event, request
    private static ?string $loading = null;
    private static int $pid = 0;

    /** Says READY. Ends the process on a command line that no engine writes. */
    public static function begin(array $arguments): void
    {
        if (count($arguments) === 3 && $arguments[1] === '--code') self::$root = $arguments[2];
        elseif (count($arguments) !== 1) self::stop('usage: shim.php [--code DIR]');
        register_shutdown_function(self::ended(...));
        $GLOBALS['fcLogger'] = new Logger();
        offer_psr7();
        self::$channel = new Channel();
        self::warmUp();
        self::$channel->sendReady();
    }

    /** Serves calls. Returns a file that is to be required for one, loaded() goes on; null when the channel has ended. */
    public static function serve(): ?string
    {
        try {
            if (self::$context === null && !self::become()) return null;
            for (;;) {
                if (self::$call === null && !self::next()) return null;
                $file = self::fileToLoad();
                if ($file !== null) return self::$loading = $file;
                self::answer();
            }
        } catch (Broken | \JsonException $error) {
            self::stop($error->getMessage());
        }
    }

    /** How the file that serve() returned has ended. */
    public static function loaded(?\Throwable $error): void
    {
        self::$loaded[self::$loading] = $error;
        self::$loading = null;
    }

    private static function become(): bool
    {
        $frame = self::$channel->receive(Channel::LOAD);
        if ($frame === null) return false;
        $load = json_decode($frame[1], true, 64, JSON_THROW_ON_ERROR);
        if (!is_string($load['handler'] ?? null)) throw new Broken('LOAD: handler is not a string');
        $hook = static fn (string $name): string => (string) ($load[$name] ?? '');
        self::$channel->share($load['memory'] ?? null);
        self::$names = [$load['handler'], $hook('initializer'), $hook('preFreeze'), $hook('preStop'), $load['handler']];
        self::$context = new Context($load);
        self::$pid = getmypid();
        self::replaceEnvironment($load['env'] ?? []);
        ini_set('memory_limit', ($load['function']['memory'] ?? 128) . 'M');
        mt_srand(); // what a prepared process has drawn already
        chdir(self::$root);
        return true;
    }

    private static function replaceEnvironment(array $variables): void
    {
        foreach (array_keys(getenv()) as $name) {
            putenv((string) $name);
            unset($_SERVER[$name]);
        }
        foreach ($variables as $name => $value) putenv("$name=$value");
        $_ENV = $variables;
        $_SERVER = $variables + $_SERVER;
        if (in_array($variables['TZ'] ?? '', timezone_identifiers_list(), true)) date_default_timezone_set($variables['TZ']);
    }

    private static function next(): bool
    {
        $frame = self::$channel->receive(Channel::INVOKE);
        if ($frame === null) return false;
        [$request, $payload, $flags] = $frame;
        if (strlen($payload) < 8) throw new Broken('a call that is cut short');
        ['kind' => $kind, 'size' => $size] = unpack('Vkind/Vsize', $payload);
        if ($kind > Channel::HTTP || 8 + $size > strlen($payload)) throw new Broken('a call of a kind or size that there is not');
        $context = json_decode(substr($payload, 8, $size), true, 64, JSON_THROW_ON_ERROR);
        self::$call = ['kind' => $kind, 'context' => $context, 'event' => self::$channel->eventOf($flags, substr($payload, 8 + $size)), 'request' => $request];
        Logger::$requestId = (string) $context['requestId'];
        return true;
    }

    /** The file of the call's function, when it is there and has not been loaded. */
    private static function fileToLoad(): ?string
    {
        $file = self::fileOf(self::$names[self::$call['kind']]);
        return $file === '' || array_key_exists($file, self::$loaded) || !is_file($file) ? null : $file;
    }

    private static function fileOf(string $name): string
    {
        $dot = strrpos($name, '.');
        return $dot > 0 && $dot < strlen($name) - 1 ? self::$root . '/' . substr($name, 0, $dot) . '.php' : '';
    }

    private static function function(): callable
    {
        $name = self::$names[self::$call['kind']];
        $file = self::fileOf($name);
        if ($file === '') throw new LoadError('InvalidHandleName', "Invalid handler '$name'");
        [$module, $function] = [substr($name, 0, (int) strrpos($name, '.')), substr($name, strrpos($name, '.') + 1)];
        if (!array_key_exists($file, self::$loaded)) throw new LoadError('ImportModuleError', "Unable to import module '$module'");
        $error = self::$loaded[$file];
        if ($error instanceof \ParseError) {
            unset(self::$loaded[$file]); // nothing of it is defined: tried again by the next call
            throw new LoadError('UserCodeSyntaxError', "Syntax error in module '$module': {$error->getMessage()}", $error);
        }
        if ($error !== null) throw new LoadError('UserCodeError', $error::class . ": {$error->getMessage()}", $error);
        if (!is_callable($function))
            throw new LoadError('HandlerNotFound', "Handler '$function' is missing on module '$module'");
        return $function;
    }

    private static function answer(): void
    {
        try {
            $result = self::result();
            self::finish(Channel::RESULT, self::$call['kind'] === Channel::HTTP ? Channel::HTTP_HEAD : 0, $result);
        } catch (\Throwable $error) {
            if (is_resource(STDERR)) @fwrite(STDERR, error_text($error));
            self::finish(Channel::ERROR, 0, error_json($error));
        }
    }

    private static function result(): string
    {
        ['kind' => $kind, 'context' => $call, 'event' => $event] = self::$call;
        $function = self::function();
        $context = self::$context->of($call);
        if ($kind === Channel::HTTP) return payload_of($function(request_of($call['http'], $event), $context));
        if ($kind !== Channel::HANDLER) {
            $function($context);
            return '';
        }
        $result = $function($event, $context);
        return is_string($result) ? $result : json_encode($result, JSON_THROW_ON_ERROR);
    }

    private static function finish(int $type, int $flags, string $payload): void
    {
        if (getmypid() !== self::$pid) exit(0); // a process the function has forked: it cannot answer in its parent's place
        while (ob_get_level() > 0 && @ob_end_flush());
        $request = self::$call['request'];
        self::$call = null;
        self::$channel->send($type, $flags, $request, $payload);
    }

    /** At the end of the process: an error that nothing can catch is the running call's answer. exit() has none. */
    private static function ended(): void
    {
        $error = error_get_last();
        $fatal = E_ERROR | E_PARSE | E_CORE_ERROR | E_COMPILE_ERROR | E_USER_ERROR | E_RECOVERABLE_ERROR;
        if (self::$call === null || $error === null || ($error['type'] & $fatal) === 0) return;
        ini_set('memory_limit', '-1'); // there may be none left
        $type = self::$loading !== null ? 'UserCodeError' : 'FatalError';
        self::finish(Channel::ERROR, Channel::LAST, error_document($error['message'], $type, $error['file'], $error['line'], ''));
    }

    private static function stop(string $why): never
    {
        fwrite(STDERR, "hotcell shim: $why\n");
        exit(1);
    }

    /** Goes once through what a first call would do for the first time. */
    private static function warmUp(): void
    {
        $context = (new Context([]))->of(['requestId' => 'warm']);
        json_encode(json_decode('{"a":[1,2.5,"b",null]}', true, 64, JSON_THROW_ON_ERROR));
        error_json(new \RuntimeException('warm'));
        $GLOBALS['fcLogger']::$requestId = $context['requestId'];
        timezone_identifiers_list();
        self::fileOf('index.handler');
    }
}
