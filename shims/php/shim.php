<?php
// PHP as a function environment: `php -c DIR shim.php [--code DIR]` with the channel as descriptors 3 and 5.
//
// Boots, warms up, says READY, becomes the environment that LOAD names (docs/protocol/shim-channel.md). DIR is where the code
// lies, /code unless a test says otherwise. The function's files are required here, in the global scope: what they set at their
// top level is global, as in any PHP program.
declare(strict_types=1);

foreach (['channel', 'context', 'logger', 'errors', 'environment', 'http'] as $hotcell_file) require __DIR__ . "/$hotcell_file.php";
Hotcell\Environment::begin($argv);
while (($hotcell_file = Hotcell\Environment::serve()) !== null) {
    try {
        require $hotcell_file;
        Hotcell\Environment::loaded(null);
    } catch (Throwable $hotcell_error) {
        Hotcell\Environment::loaded($hotcell_error);
        unset($hotcell_error);
    }
}
exit(0);
