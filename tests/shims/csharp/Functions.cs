// The functions that mono_test.cc calls.
using System;
using System.Collections;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Aliyun.Serverless.Core;
using Microsoft.Extensions.Logging;

namespace Test
{
    public class Point
    {
        public int X { get; set; }
        public string Name { get; set; }
        public List<double> Values { get; set; }
    }

    public class Functions
    {
        readonly List<string> calls = new List<string>();

        static Stream Bytes(string text) { return new MemoryStream(Encoding.UTF8.GetBytes(text)); }

        public Stream Echo(Stream input, IFcContext context) { return input; }

        public async Task<Stream> EchoLater(Stream input, IFcContext context)
        {
            await Task.Yield();
            var result = new MemoryStream();
            await input.CopyToAsync(result);
            return result; // at its end, as in the documents' example
        }

        public static string Text(string input, IFcContext context) { return input + "!"; }

        public void Nothing(Stream input, IFcContext context) { }

        public Task NothingLater(Stream input, IFcContext context) { return Task.FromResult(0); }

        public string OnlyContext(IFcContext context) { return context.RequestId; }

        public string None() { return null; }

        public object Pojo(Point input, IFcContext context)
        {
            return new { Twice = 2 * input.X, input.Name, input.Values };
        }

        public async Task<Dictionary<string, int>> PojoLater(Dictionary<string, int> input, IFcContext context)
        {
            await Task.Delay(1);
            return input.ToDictionary(one => one.Key + one.Key, one => one.Value + 1);
        }

        public string ShowContext(Stream input, IFcContext c)
        {
            IFunctionParameter f = c.FunctionParam;
            IServiceMeta s = c.ServiceMeta;
            return string.Join("|", c.RequestId, c.Credentials.AccessKeyId, c.Credentials.AccessKeySecret, c.Credentials.SecurityToken,
                c.AccountId, c.Region, f.FunctionName, f.FunctionHandler, f.FunctionInitializer, f.MemoryLimitInMB, f.FunctionTimeout.TotalSeconds,
                f.InitializationTimeout.TotalSeconds, s.Name, s.LogProject, s.LogStore, s.Qualifier, s.VersionId);
        }

        public string Surroundings(Stream input, IFcContext context)
        {
            var names = Environment.GetEnvironmentVariables().Keys.Cast<string>().OrderBy(name => name, StringComparer.Ordinal);
            var start = new ProcessStartInfo("/bin/sh", "-c \"pwd; env; readlink /proc/self/fd/3 /proc/self/fd/5 || echo none\"")
            {
                UseShellExecute = false,
                RedirectStandardOutput = true,
            };
            using (var child = Process.Start(start))
            {
                string said = child.StandardOutput.ReadToEnd().Replace('\n', ' ');
                child.WaitForExit();
                return string.Join("|", string.Join(",", names), Environment.GetEnvironmentVariable("GREETING"),
                    new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc).ToLocalTime().Hour, Directory.GetCurrentDirectory(),
                    File.ReadAllText("data.txt"), said);
            }
        }

        public void Initialize(IFcContext context) { calls.Add("initialize " + context.RequestId); }

        public void PreFreeze(IFcContext context) { calls.Add("preFreeze " + context.RequestId); }

        public void PreStop(IFcContext context)
        {
            calls.Add("preStop " + context.RequestId);
            Console.WriteLine(string.Join(", ", calls));
        }

        public string Calls(Stream input, IFcContext context) { return string.Join(", ", calls); }

        public void FailingInitialize(IFcContext context) { throw new InvalidOperationException("not today"); }

        public void Logs(Stream input, IFcContext context)
        {
            Console.Write("prïnt");
            Console.WriteLine("ed");
            Console.Error.WriteLine("err");
            context.Logger.LogTrace("t");
            context.Logger.LogDebug("d {0}", 1);
            context.Logger.LogInformation("你 {name} of {0:000}", "x", 7);
            context.Logger.LogWarning("w {{}}");
            context.Logger.LogError("e {0}", (object)null);
            context.Logger.LogCritical(5, "c");
            var thread = new Thread(() =>
            {
                Console.WriteLine("of a thread");
                context.Logger.LogInformation("too");
            });
            thread.Start();
            thread.Join();
            context.Logger.EnabledLogLevel = LogLevel.Error;
            context.Logger.LogInformation("not seen");
        }

        sealed class BrokenWriter : StringWriter
        {
            public override void Flush() { throw new InvalidOperationException(); }
            public override void WriteLine(string text) { throw new InvalidOperationException(); }
        }

        public sealed class OddException : Exception
        {
            public override string Message { get { throw new InvalidOperationException(); } }
        }

        public string Throws(string how, IFcContext context)
        {
            if (how == "thrown") throw new Exception("oops");
            if (how == "null") how = NoText(how).Trim();
            if (how == "odd") throw new OddException();
            if (how == "aggregate") Task.Run(() => { throw new FormatException("of a task"); }).Wait();
            if (how == "streams")
            {
                Console.SetOut(new BrokenWriter());
                Console.SetError(new BrokenWriter());
                throw new IOException("without streams");
            }
            if (how == "exit") { Console.Write("last words"); Environment.Exit(7); }
            if (how == "thread") { var thread = new Thread(() => { for (;;) Thread.Sleep(1000); }); thread.Start(); }
            return "fine";
        }

        public async Task<Stream> ThrowsLater(Stream input, IFcContext context)
        {
            await Task.Delay(1);
            throw new ArgumentException("later");
        }

        public async void AsyncVoid(Stream input, IFcContext context)
        {
            await Task.Delay(5);
            Console.WriteLine("waited for");
            throw new TimeoutException("async void");
        }

        public string Twice(string input, IFcContext context) { return input; }

        public string Twice(string input) { return "wrong"; }

        public string TooMuch(string input, string more, IFcContext context) { return input; }

        static string NoText(string unused) { return null; }

        readonly List<byte[]> kept = new List<byte[]>();

        public string Memory(string how, IFcContext context)
        {
            if (how == "keep")
                for (;;)
                {
                    var piece = new byte[1 << 20];
                    for (int i = 0; i < piece.Length; i += 4096) piece[i] = 1;
                    kept.Add(piece);
                }
            if (how == "spin")
                for (;;) Thread.SpinWait(100);
            if (how == "garbage") // 20 MB in use at a time, some 800 MB made
                for (int round = 0; round < 20; ++round)
                {
                    var used = new List<long[]>();
                    for (int i = 0; i < 200000; ++i) used.Add(new long[10]);
                }
            return "fine";
        }
    }

    public class BadStatic
    {
        static readonly int Value = int.Parse("no number");

        public string Handler(string input, IFcContext context) { return input + Value; }
    }

    public class BadConstructor
    {
        public BadConstructor() { throw new NotSupportedException("not made"); }

        public string Handler(string input, IFcContext context) { return input; }
    }

    public class NoConstructor
    {
        public NoConstructor(int needed) { }

        public string Handler(string input, IFcContext context) { return input; }
    }

    /// <summary>Its own way from and to bytes: lines.</summary>
    public class Lines : IFcSerializer
    {
        public T Deserialize<T>(Stream from) { return (T)(object)new StreamReader(from).ReadToEnd().Split('\n'); }

        public void Serialize<T>(T value, Stream to)
        {
            using (var writer = new StreamWriter(to)) writer.Write(string.Join("\n", (string[])(object)value));
        }
    }

    public class Serialized
    {
        [FcSerializer(typeof(Lines))]
        public string[] Handler(string[] input, IFcContext context) { return input.Reverse().ToArray(); }
    }
}
