<?php
// The frames of the channel, as engine/protocol/channel.h has them: two reads and one write for a small call.
//
// Past PHP's streams: these duplicate the descriptor, and hand it on to every program that the function starts.
// Not here: what a frame means (environment.php).
declare(strict_types=1);

namespace Hotcell;

final class Broken extends \RuntimeException
{
}

final class Channel
{
    public const READY = 1, LOAD = 4, INVOKE = 5, RESULT = 6, ERROR = 7;
    public const HTTP_HEAD = 1; // flag of a RESULT
    public const LAST = 2;      // flag of an answer: the process ends
    private const SHARED = 4;   // flag of an INVOKE and of a RESULT: where in shared memory the bytes lie
    public const HANDLER = 0, INITIALIZER = 1, PRE_FREEZE = 2, PRE_STOP = 3, HTTP = 4;
    private const CALLS = 3, MEMORY = 4, ANSWERS = 5, HEAD_BYTES = 16, MOST_LOAD_BYTES = 1 << 20, AT_ONCE = 1 << 16;
    private const F_SETFD = 2, FD_CLOEXEC = 1, EINTR = 4;

    private \FFI $libc;
    private \FFI\CData $buffer; // used again for what is not large
    private ?\FFI\CData $mapped = null; // shared memory, from the first payload on
    private array $memory = ['resultsFrom' => PHP_INT_MAX, 'resultsAt' => 0, 'size' => 0];

    public function __construct()
    {
        $this->libc = \FFI::cdef(
            'int fcntl(int fd, int command, ...);
             long read(int fd, char *to, size_t size);
             long write(int fd, const char *from, size_t size);
             void *mmap(void *at, size_t size, int protection, int flags, int fd, long offset);
             int close(int fd);
             int *__errno_location(void);',
            'libc.so.6'
        );
        foreach ([self::CALLS, self::ANSWERS] as $fd) $this->libc->fcntl($fd, self::F_SETFD, self::FD_CLOEXEC);
        $this->buffer = \FFI::new('char[' . self::AT_ONCE . ']');
    }

    public function sendReady(): void
    {
        $this->send(self::READY, 0, str_repeat("\0", 8), pack('PP', 0, hrtime(true)));
    }

    /** LOAD's `memory`, if it has one. */
    public function share(?array $memory): void
    {
        if ($memory === null) return;
        $this->libc->fcntl(self::MEMORY, self::F_SETFD, self::FD_CLOEXEC);
        $this->memory = $memory + $this->memory;
    }

    /** Null when it cannot be mapped. */
    private function mapped(): ?\FFI\CData
    {
        $size = $this->memory['size'];
        if ($this->mapped === null && $size > 0) {
            $at = $this->libc->mmap(null, $size, 3, 1, self::MEMORY, 0); // PROT_READ | PROT_WRITE, MAP_SHARED
            $this->libc->close(self::MEMORY);
            $this->memory['size'] = 0; // for a second try
            if ($this->libc->cast('intptr_t', $at)->cdata === -1) return null;
            $this->memory['size'] = $size;
            $this->mapped = $this->libc->cast('char *', $at);
        }
        return $this->mapped;
    }

    /** The event that a call of these flags brings. */
    public function eventOf(int $flags, string $rest): string
    {
        if (($flags & self::SHARED) === 0) return $rest;
        if (strlen($rest) !== 8) throw new Broken('a place in shared memory that is none');
        ['offset' => $offset, 'length' => $length] = unpack('Voffset/Vlength', $rest);
        $memory = $this->mapped();
        if ($memory === null || $offset + $length > $this->memory['resultsAt'])
            throw new Broken('an event that does not lie in shared memory');
        return \FFI::string($memory + $offset, $length);
    }

    /** [request, payload, flags] of a frame of this type; null at the channel's end. The request's number stays the bytes it came in. */
    public function receive(int $expected): ?array
    {
        $head = $this->read(self::HEAD_BYTES, true);
        if ($head === null) return null;
        ['length' => $length, 'type' => $type, 'flags' => $flags] = unpack('Vlength/vtype/vflags', $head);
        if ($type !== $expected || ($type === self::LOAD && $length > self::MOST_LOAD_BYTES))
            throw new Broken("a frame of type $type and $length bytes where one of type $expected was to come");
        return [substr($head, 8), $length === 0 ? '' : $this->read($length, false), $flags];
    }

    public function send(int $type, int $flags, string $request, string $payload): void
    {
        ['resultsFrom' => $from, 'resultsAt' => $at, 'size' => $size] = $this->memory;
        $length = strlen($payload);
        if ($type === self::RESULT && $length >= $from && $at + $length <= $size && $this->mapped() !== null) {
            \FFI::memcpy($this->mapped + $at, $payload, $length);
            $payload = pack('VV', $at, $length);
            $flags |= self::SHARED;
        }
        $frame = pack('Vvv', strlen($payload), $type, $flags) . $request . $payload;
        for ($sent = 0, $size = strlen($frame); $sent < $size;) {
            $count = $this->libc->write(self::ANSWERS, $sent === 0 ? $frame : substr($frame, $sent), $size - $sent);
            if ($count >= 0) $sent += $count;
            elseif ($this->libc->__errno_location()[0] !== self::EINTR) exit(0); // the engine has gone
        }
    }

    private function read(int $size, bool $mayEnd): ?string
    {
        $buffer = $size <= self::AT_ONCE ? $this->buffer : \FFI::new("char[$size]");
        for ($filled = 0; $filled < $size;) {
            $to = $filled === 0 ? $buffer : \FFI::addr($buffer[$filled]);
            $count = $this->libc->read(self::CALLS, $to, $size - $filled);
            if ($count > 0) $filled += $count;
            elseif ($count < 0 && $this->libc->__errno_location()[0] === self::EINTR) continue;
            elseif ($filled === 0 && $mayEnd) return null;
            else throw new Broken('the channel ended within a frame');
        }
        return \FFI::string($buffer, $size);
    }
}
