// Standard output and error of a function, written at once, so that all of it lies in the pipe before the answer does; the shim's own
// lines; the lines of loggers.
using System;
using System.Globalization;
using System.IO;
using System.Text;

namespace Hotcell.Shim
{
    static class Output
    {
        public static readonly Encoding Utf8 = new UTF8Encoding(false);
        static volatile bool silent = true; // until the function has come

        sealed class DescriptorStream : Stream
        {
            readonly int descriptor;

            public DescriptorStream(int descriptor) { this.descriptor = descriptor; }

            public override bool CanRead => false;
            public override bool CanSeek => false;
            public override bool CanWrite => true;
            public override long Length { get { throw new NotSupportedException(); } }
            public override long Position { get { throw new NotSupportedException(); } set { throw new NotSupportedException(); } }
            public override void Flush() { }
            public override int Read(byte[] to, int offset, int count) { throw new NotSupportedException(); }
            public override long Seek(long offset, SeekOrigin origin) { throw new NotSupportedException(); }
            public override void SetLength(long value) { throw new NotSupportedException(); }

            public override void Write(byte[] from, int offset, int count)
            {
                try
                {
                    Native.WriteAll(descriptor, from, offset, count);
                }
                catch (IOException)
                {
                    return; // nobody reads any more
                }
            }
        }

        /// <summary>While the shim warms up nothing is written.</summary>
        public static void Silence()
        {
            Console.SetOut(TextWriter.Null);
            Console.SetError(TextWriter.Null);
        }

        public static void Install()
        {
            silent = false;
            Console.SetOut(Writer(1));
            Console.SetError(Writer(2));
        }

        static TextWriter Writer(int descriptor)
        {
            return TextWriter.Synchronized(new StreamWriter(new DescriptorStream(descriptor), Utf8) { AutoFlush = true });
        }

        /// <summary>A line of the shim's own, past Console, which is the function's.</summary>
        public static void Say(string line)
        {
            byte[] bytes = Utf8.GetBytes(line + "\n");
            if (!silent) new DescriptorStream(1).Write(bytes, 0, bytes.Length);
        }

        /// <summary>A line about the shim's own end.</summary>
        public static void Complain(string line)
        {
            byte[] bytes = Utf8.GetBytes("hotcell shim: " + line + "\n");
            new DescriptorStream(2).Write(bytes, 0, bytes.Length);
        }

        public static void Log(string requestId, string level, string text)
        {
            string time = DateTime.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
            Say(time + " " + requestId + " [" + level + "] " + text);
        }

        /// <summary>What the function may have put in the place of its streams, which need not work.</summary>
        public static void Flush()
        {
            try
            {
                Console.Error.Flush();
                Console.Out.Flush();
            }
            catch (Exception)
            {
                return; // then it has no log
            }
        }

        /// <summary>Of an error that the function did not handle.</summary>
        public static void Error(string text)
        {
            try
            {
                Console.Error.WriteLine(text);
            }
            catch (Exception)
            {
                return;
            }
        }
    }
}
