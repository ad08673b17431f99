<?php
// Word frequencies and reading statistics of the text that is the event. The list of common words is read once.
$common = [];
$loads = 0;

function initialize($context)
{
    global $common, $loads;
    $common = array_flip(file('/code/common_words.txt', FILE_IGNORE_NEW_LINES));
    $loads += 1;
}

function handler($event, $context)
{
    global $common, $loads;
    preg_match_all('/[A-Za-z]+/', $event, $found);
    $words = array_map('strtolower', $found[0]);
    $sentences = preg_match_all('/[.!?]+/', $event);
    $syllables = array_sum(array_map(fn ($word) => max(1, preg_match_all('/[aeiouy]+/', $word)), $words));
    $counts = array_count_values(array_filter($words, fn ($word) => !isset($common[$word])));
    uksort($counts, fn ($a, $b) => [$counts[$b], $a] <=> [$counts[$a], $b]);
    $ease = 206.835 - 1.015 * count($words) / $sentences - 84.6 * $syllables / count($words);
    $GLOBALS['fcLogger']->info(count($words) . ' words');
    $frequent = array_slice($counts, 0, 5, true);
    return [
        'words' => count($words),
        'sentences' => $sentences,
        'syllables' => $syllables,
        'ease' => number_format($ease, 2, '.', ''),
        'frequent' => array_map(null, array_map('strval', array_keys($frequent)), array_values($frequent)),
        'loads' => $loads,
    ];
}
