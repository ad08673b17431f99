// The frames of the channel, as engine/protocol/channel.h has them: one read and one write for a small call.
//
// Not here: what a frame means (Shim, FunctionEnvironment). The main thread alone reads and writes.
using System;
using System.IO;

namespace Hotcell.Shim
{
    /// <summary>The other end is not the engine, or not of this version.</summary>
    sealed class BrokenException : Exception
    {
        public BrokenException(string message) : base(message) { }
    }

    /// <summary>A frame: its payload is bytes[HeadBytes..End), valid until the next read unless it is longer than 64 KiB.</summary>
    struct Incoming
    {
        public ulong Request;
        public byte[] Bytes;
        public int End;
        public bool Reused;
    }

    sealed class Channel
    {
        public const int Ready = 1, Load = 4, Invoke = 5, Result = 6, Error = 7;
        public const int HeadBytes = 16, InvokeBytes = 8;
        public const int Shared = 4; // flag of INVOKE and RESULT
        const int Calls = 3, Answers = 5;
        const int MostLoadBytes = 1 << 20;
        const int AtOnce = 1 << 16;

        readonly byte[] small = new byte[AtOnce];
        int filled; // bytes of the next frame that have come already

        public Channel()
        {
            Native.CloseOnExec(Calls);
            Native.CloseOnExec(Answers);
        }

        public bool HasInput => filled > 0 || Native.IsReadable(Calls);

        public void SendReady()
        {
            var ready = new Frame();
            ready.Write(BitConverter.GetBytes(0UL), 0, 8);
            ready.Write(BitConverter.GetBytes(Native.MonotonicNanos()), 0, 8);
            Send(Ready, 0, ready);
        }

        /// <summary>False at the channel's end.</summary>
        public bool Read(int expected, out Incoming frame)
        {
            frame = default(Incoming);
            while (filled < HeadBytes)
            {
                int count = Native.Read(Calls, small, filled, AtOnce - filled);
                if (count == 0 && filled > 0) throw new BrokenException("the channel ended within a frame");
                if (count == 0) return false;
                filled += count;
            }
            uint length = BitConverter.ToUInt32(small, 0);
            int type = BitConverter.ToUInt16(small, 4);
            if (type != expected || (type == Invoke && length < InvokeBytes) || (type == Load && length > MostLoadBytes)
                || length > int.MaxValue - 64)
                throw new BrokenException($"a frame of type {type} and {length} bytes where one of type {expected} was to come");
            frame.Request = BitConverter.ToUInt64(small, 8);
            frame.End = HeadBytes + (int)length;
            frame.Bytes = Rest(frame.End);
            frame.Reused = frame.Bytes == small;
            return true;
        }

        byte[] Rest(int total)
        {
            byte[] frame = total <= AtOnce && filled <= total ? small : new byte[total];
            if (filled > total) // the beginning of another frame came along
            {
                Buffer.BlockCopy(small, 0, frame, 0, total);
                filled -= total;
                Buffer.BlockCopy(small, total, small, 0, filled);
                return frame;
            }
            if (frame != small) Buffer.BlockCopy(small, 0, frame, 0, filled);
            while (filled < total)
            {
                int count = Native.Read(Calls, frame, filled, total - filled);
                if (count == 0) throw new BrokenException("the channel ended within a frame");
                filled += count;
            }
            filled = 0;
            return frame;
        }

        public void Send(int type, ulong request, Frame frame)
        {
            byte[] bytes = frame.GetBuffer();
            int length = (int)frame.Length;
            Buffer.BlockCopy(BitConverter.GetBytes(length - HeadBytes), 0, bytes, 0, 4);
            Buffer.BlockCopy(BitConverter.GetBytes((uint)(type | frame.Flags << 16)), 0, bytes, 4, 4);
            Buffer.BlockCopy(BitConverter.GetBytes(request), 0, bytes, 8, 8);
            Native.WriteAll(Answers, bytes, length);
        }
    }

    /// <summary>A frame that is being written: room for its head, then its payload.</summary>
    sealed class Frame : MemoryStream
    {
        public int Flags;

        public Frame() : base(1024)
        {
            SetLength(Channel.HeadBytes);
            Position = Channel.HeadBytes;
        }
    }
}
