<?php
// Header and brightness of a PNG image (8 bits a sample, not interlaced): size, colour type, mean, minimum, maximum and a
// histogram of four bins. The weights of the colours are made once.
const SAMPLES_OF = [0 => 1, 2 => 3, 4 => 2, 6 => 4];
$weights = [];

function initialize($context)
{
    global $weights;
    foreach ([0, 4] as $kind) {
        $weights[$kind] = [1000];
    }
    foreach ([2, 6] as $kind) {
        $weights[$kind] = [299, 587, 114];
    }
}

function chunks($png)
{
    for ($at = 8; $at < strlen($png); $at += 12 + $length) {
        $length = unpack('N', $png, $at)[1];
        yield substr($png, $at + 4, 4) => substr($png, $at + 8, $length);
    }
}

function paeth($a, $b, $c)
{
    [$pa, $pb, $pc] = [abs($b - $c), abs($a - $c), abs($a + $b - 2 * $c)];
    return $pa <= $pb && $pa <= $pc ? $a : ($pb <= $pc ? $b : $c);
}

function unfilter($kind, $line, $above, $step)
{
    foreach ($line as $i => $value) {
        $a = $line[$i - $step] ?? 0;
        $b = $above[$i];
        $line[$i] = 255 & match ($kind) {
            0 => $value,
            1 => $value + $a,
            2 => $value + $b,
            3 => $value + intdiv($a + $b, 2),
            4 => $value + paeth($a, $b, $above[$i - $step] ?? 0),
        };
    }
    return $line;
}

function handler($event, $context)
{
    global $weights;
    if (!str_starts_with($event, "\x89PNG\r\n\x1a\n")) {
        throw new UnexpectedValueException('not a PNG image');
    }
    $data = '';
    foreach (chunks($event) as $name => $body) {
        if ($name === 'IHDR') {
            $header = unpack('Nwidth/Nheight/Cdepth/Ckind/C2/Cinterlace', $body);
        } elseif ($name === 'IDAT') {
            $data .= $body;
        }
    }
    ['width' => $width, 'height' => $height, 'depth' => $depth, 'kind' => $kind, 'interlace' => $interlace] = $header;
    if ($depth !== 8 || $interlace !== 0 || !isset(SAMPLES_OF[$kind])) {
        throw new UnexpectedValueException("bit depth $depth, colour type $kind, interlace $interlace: not supported");
    }
    [$raw, $step] = [gzuncompress($data), SAMPLES_OF[$kind]];
    $stride = $width * $step;
    $above = array_fill(0, $stride, 0);
    [$total, $least, $most, $histogram] = [0, 255, 0, [0, 0, 0, 0]];
    for ($y = 0; $y < $height; ++$y) {
        $at = $y * ($stride + 1);
        $above = unfilter(ord($raw[$at]), array_values(unpack('C*', substr($raw, $at + 1, $stride))), $above, $step);
        for ($x = 0; $x < $stride; $x += $step) {
            $light = 0;
            foreach ($weights[$kind] as $i => $weight) {
                $light += $weight * $above[$x + $i];
            }
            $light = intdiv($light, 1000);
            $total += $light;
            [$least, $most] = [min($least, $light), max($most, $light)];
            ++$histogram[$light >> 6];
        }
    }
    return ['width' => $width, 'height' => $height, 'colorType' => $kind, 'mean' => intdiv($total, $width * $height),
        'least' => $least, 'most' => $most, 'histogram' => $histogram];
}
