// The C library's calls that the class library has no, or no cheap, word for.
using System;
using System.IO;
using System.Runtime.InteropServices;

namespace Hotcell.Shim
{
    static unsafe class Native
    {
        const int Interrupted = 4, Again = 11;
        const int SetDescriptorFlags = 2, CloseOnExecFlag = 1;
        const short Readable = 1;

        [StructLayout(LayoutKind.Sequential)]
        struct Watched
        {
            public int Descriptor;
            public short Wanted;
            public short Seen;
        }

        [StructLayout(LayoutKind.Sequential)]
        struct Time
        {
            public long Seconds;
            public long Nanos;
        }

        [DllImport("libc.so.6", SetLastError = true)]
        static extern IntPtr read(int descriptor, byte* to, IntPtr count);

        [DllImport("libc.so.6", SetLastError = true)]
        static extern IntPtr write(int descriptor, byte* from, IntPtr count);

        [DllImport("libc.so.6")]
        static extern int poll(Watched* watched, ulong count, int timeout);

        [DllImport("libc.so.6")]
        static extern int fcntl(int descriptor, int command, int argument);

        [DllImport("libc.so.6")]
        static extern int clock_gettime(int clock, Time* time);

        [DllImport("libc.so.6")]
        static extern int setenv(byte[] name, byte[] value, int overwrite);

        [DllImport("libc.so.6")]
        static extern int unsetenv(byte[] name);

        [DllImport("libc.so.6")]
        static extern void _exit(int status);

        [DllImport("libc.so.6")]
        static extern IntPtr mmap(IntPtr at, IntPtr size, int protection, int flags, int descriptor, IntPtr offset);

        [DllImport("libc.so.6")]
        static extern int close(int descriptor);

        /// <summary>So many bytes of a descriptor, which is closed then, for both to write; zero where that is not possible.</summary>
        public static IntPtr Map(int descriptor, int size)
        {
            const int ReadWrite = 3, Shared = 1;
            IntPtr memory = mmap(IntPtr.Zero, (IntPtr)size, ReadWrite, Shared, descriptor, IntPtr.Zero);
            close(descriptor);
            return memory == (IntPtr)(-1) ? IntPtr.Zero : memory;
        }

        public static void CloseOnExec(int descriptor) { fcntl(descriptor, SetDescriptorFlags, CloseOnExecFlag); }

        /// <summary>0 at the end.</summary>
        public static int Read(int descriptor, byte[] to, int offset, int count)
        {
            fixed (byte* at = &to[offset])
            {
                for (;;)
                {
                    long got = (long)read(descriptor, at, (IntPtr)count);
                    if (got >= 0) return (int)got;
                    if (Marshal.GetLastWin32Error() != Interrupted) throw new IOException("read: errno " + Marshal.GetLastWin32Error());
                }
            }
        }

        public static void WriteAll(int descriptor, byte[] from, int count) { WriteAll(descriptor, from, 0, count); }

        public static void WriteAll(int descriptor, byte[] from, int offset, int count)
        {
            if (count == 0) return;
            fixed (byte* start = &from[offset])
            {
                for (long done = 0; done < count;)
                {
                    long put = (long)write(descriptor, start + done, (IntPtr)(count - done));
                    if (put >= 0)
                    {
                        done += put;
                        continue;
                    }
                    int error = Marshal.GetLastWin32Error();
                    // a program that the function started may have made the pipe non-blocking
                    if (error == Again) System.Threading.Thread.Yield();
                    else if (error != Interrupted) throw new IOException("write: errno " + error);
                }
            }
        }

        public static bool IsReadable(int descriptor)
        {
            var watched = new Watched { Descriptor = descriptor, Wanted = Readable };
            return poll(&watched, 1, 0) > 0;
        }

        public static ulong MonotonicNanos()
        {
            Time time;
            clock_gettime(1, &time);
            return (ulong)time.Seconds * 1000000000UL + (ulong)time.Nanos;
        }

        public static void SetVariable(string name, string value) { setenv(Bytes(name), Bytes(value), 1); }

        public static void UnsetVariable(string name) { unsetenv(Bytes(name)); }

        static byte[] Bytes(string text) { return Output.Utf8.GetBytes(text + "\0"); }

        /// <summary>At once, whatever threads of the function still run.</summary>
        public static void Leave(int status) { _exit(status); }
    }
}
