<?php
// The context of a call, an array. What is the same for all calls of an environment is made once, on LOAD.
declare(strict_types=1);

namespace Hotcell;

final class Context
{
    private array $shared;

    /** `load` is the payload of LOAD. */
    public function __construct(array $load)
    {
        $this->shared = [
            'function' => $load['function'] ?? [],
            'service' => ($load['service'] ?? []) + ['name' => '', 'logProject' => '', 'logStore' => '', 'versionId' => ''],
            'region' => $load['region'] ?? '',
            'accountId' => $load['accountId'] ?? '',
            'tracing' => ['openTracingSpanContext' => null, 'openTracingSpanBaggages' => [], 'jaegerEndpoint' => null],
        ];
    }

    /** `call` is what came with INVOKE. */
    public function of(array $call): array
    {
        $context = [
            'requestId' => $call['requestId'],
            'credentials' => $call['credentials'] ?? [],
            'retryCount' => $call['retryCount'] ?? 0,
        ] + $this->shared;
        $context['service']['qualifier'] = $call['qualifier'] ?? 'LATEST';
        return $context;
    }
}
