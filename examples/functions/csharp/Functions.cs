// The examples in C#: as the ones in the other languages. Results are values, which leave as JSON.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.IO.Compression;
using System.Linq;
using System.Text;
using System.Text.RegularExpressions;
using Aliyun.Serverless.Core;
using Microsoft.Extensions.Logging;

namespace Example
{
    public class TextStatistics
    {
        HashSet<string> common = new HashSet<string>();
        int loads;

        public void Initialize(IFcContext context)
        {
            common = new HashSet<string>(File.ReadAllLines("/code/common_words.txt"));
            ++loads;
        }

        public object Handler(string text, IFcContext context)
        {
            List<string> words = Regex.Matches(text, "[A-Za-z]+").Cast<Match>().Select(word => word.Value.ToLowerInvariant()).ToList();
            int sentences = Regex.Matches(text, "[.!?]+").Count;
            int syllables = words.Sum(word => Math.Max(1, Regex.Matches(word, "[aeiouy]+").Count));
            double ease = 206.835 - 1.015 * words.Count / sentences - 84.6 * syllables / words.Count;
            context.Logger.LogInformation("{0} words", words.Count);
            return new Dictionary<string, object>
            {
                ["words"] = words.Count,
                ["sentences"] = sentences,
                ["syllables"] = syllables,
                ["ease"] = ease.ToString("F2", CultureInfo.InvariantCulture),
                ["frequent"] = words.Where(word => !common.Contains(word)).GroupBy(word => word)
                    .OrderByDescending(group => group.Count()).ThenBy(group => group.Key, StringComparer.Ordinal).Take(5)
                    .Select(group => new object[] { group.Key, group.Count() }),
                ["loads"] = loads,
            };
        }
    }

    public class PackageReport
    {
        public object Handler(string table, IFcContext context)
        {
            var sections = table.Split('\n').Skip(1).Where(line => line != "").Select(line => line.Split(','))
                .Select(row => new { Package = row[0], Section = row[1], Size = long.Parse(row[2]) })
                .GroupBy(row => row.Section)
                .Select(rows => new
                {
                    section = rows.Key,
                    packages = rows.Count(),
                    kilobytes = rows.Sum(row => row.Size),
                    largest = rows.OrderByDescending(row => row.Size).First().Package,
                    of = rows.Max(row => row.Size),
                }).ToList();
            if (sections.Count == 0) throw new ArgumentException("the table has no row");
            return new
            {
                sections = sections.Count,
                by_size = sections.OrderByDescending(one => one.kilobytes).ThenBy(one => one.section, StringComparer.Ordinal).Take(3),
            };
        }
    }

    public class PngStatistics
    {
        static readonly byte[] Magic = { 0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10 };
        static readonly Dictionary<int, int> SamplesOf = new Dictionary<int, int> { { 0, 1 }, { 2, 3 }, { 4, 2 }, { 6, 4 } };
        readonly Dictionary<int, int[]> weights = new Dictionary<int, int[]>();

        public void Initialize(IFcContext context)
        {
            foreach (int kind in new[] { 0, 4 }) weights[kind] = new[] { 1000 };
            foreach (int kind in new[] { 2, 6 }) weights[kind] = new[] { 299, 587, 114 };
        }

        static int Number(byte[] bytes, int at) { return bytes[at] << 24 | bytes[at + 1] << 16 | bytes[at + 2] << 8 | bytes[at + 3]; }

        static int Paeth(int a, int b, int c)
        {
            int pa = Math.Abs(b - c), pb = Math.Abs(a - c), pc = Math.Abs(a + b - 2 * c);
            return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
        }

        static void Unfilter(int kind, byte[] line, byte[] above, int step)
        {
            for (int i = 0; i < line.Length; ++i)
            {
                int a = i >= step ? line[i - step] : 0, b = above[i], c = i >= step ? above[i - step] : 0;
                line[i] += (byte)(kind == 1 ? a : kind == 2 ? b : kind == 3 ? (a + b) / 2 : kind == 4 ? Paeth(a, b, c) : 0);
            }
        }

        public object Handler(Stream input, IFcContext context)
        {
            var whole = new MemoryStream();
            input.CopyTo(whole);
            byte[] png = whole.ToArray();
            if (!png.Take(Magic.Length).SequenceEqual(Magic)) throw new ArgumentException("not a PNG image");
            int header = 0;
            var data = new MemoryStream();
            for (int at = Magic.Length, length; at < png.Length; at += 12 + length)
            {
                length = Number(png, at);
                string name = Encoding.ASCII.GetString(png, at + 4, 4);
                if (name == "IHDR") header = at + 8;
                if (name == "IDAT") data.Write(png, at + 8, length);
            }
            int kind = png[header + 9];
            if (png[header + 8] != 8 || png[header + 12] != 0 || !SamplesOf.ContainsKey(kind))
                throw new ArgumentException("depth, colour type or interlace: not supported");
            data.Position = 2; // after the head that zlib puts before the compressed bytes
            var raw = new MemoryStream();
            using (var inflate = new DeflateStream(data, CompressionMode.Decompress)) inflate.CopyTo(raw);
            return Statistics(Number(png, header), Number(png, header + 4), kind, raw.ToArray());
        }

        object Statistics(int width, int height, int kind, byte[] raw)
        {
            int step = SamplesOf[kind], stride = width * step, least = 255, most = 0;
            long total = 0;
            var bins = new int[4];
            var above = new byte[stride];
            for (int y = 0; y < height; ++y)
            {
                int at = y * (stride + 1);
                byte[] line = raw.Skip(at + 1).Take(stride).ToArray();
                Unfilter(raw[at], line, above, step);
                above = line;
                for (int x = 0; x < stride; x += step)
                {
                    int light = weights[kind].Select((weight, i) => weight * line[x + i]).Sum() / 1000;
                    total += light;
                    least = Math.Min(least, light);
                    most = Math.Max(most, light);
                    ++bins[light >> 6];
                }
            }
            return new { width, height, colorType = kind, mean = total / (width * height), least, most, histogram = bins };
        }
    }
}
