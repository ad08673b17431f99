<?php
// A report on a table of packages: the event is CSV with the columns package, section, installed kilobytes.
function handler($event, $context)
{
    $lines = explode("\n", trim($event));
    $columns = str_getcsv(array_shift($lines));
    $sections = [];
    foreach ($lines as $line) {
        $row = array_combine($columns, str_getcsv($line));
        $section = &$sections[$row['section']];
        $section ??= ['section' => $row['section'], 'packages' => 0, 'kilobytes' => 0, 'largest' => '', 'of' => -1];
        $size = (int) $row['kilobytes'];
        $section['packages'] += 1;
        $section['kilobytes'] += $size;
        if ($size > $section['of']) {
            $section['largest'] = $row['package'];
            $section['of'] = $size;
        }
        unset($section);
    }
    if ($sections === []) {
        throw new UnexpectedValueException('the table has no row');
    }
    $count = count($sections);
    usort($sections, fn ($a, $b) => [$b['kilobytes'], $a['section']] <=> [$a['kilobytes'], $b['section']]);
    return ['sections' => $count, 'by_size' => array_slice($sections, 0, 3)];
}
