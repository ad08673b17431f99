// The environment's shared memory, for events and results too large for the channel's pipes to be quick: descriptor 4, where LOAD
// has a "memory". Not here: when a frame says so (Channel, FunctionEnvironment). The main thread's.
using System;
using System.Runtime.InteropServices;
using Newtonsoft.Json.Linq;

namespace Hotcell.Shim
{
    sealed class SharedMemory
    {
        const int Descriptor = 4, WhereBytes = 8;

        readonly int resultsFrom = int.MaxValue; // results of so many bytes go this way
        readonly int resultsAt;
        readonly int size;
        bool tried;
        IntPtr mapped; // from the first payload on

        /// <summary>Of LOAD's "memory", or of none.</summary>
        public SharedMemory(JToken memory)
        {
            if (memory == null) return;
            Native.CloseOnExec(Descriptor);
            size = (int)memory["size"];
            resultsAt = (int)memory["resultsAt"];
            resultsFrom = (int?)memory["resultsFrom"] ?? int.MaxValue;
        }

        bool Map()
        {
            if (!tried && size > 0) mapped = Native.Map(Descriptor, size);
            tried = true;
            return mapped != IntPtr.Zero;
        }

        /// <summary>A copy of what an INVOKE says in frame[at..end).</summary>
        public byte[] Event(byte[] frame, int at, int end)
        {
            if (end - at != WhereBytes) throw new BrokenException("a place in shared memory that is none");
            int offset = BitConverter.ToInt32(frame, at), length = BitConverter.ToInt32(frame, at + 4);
            if (offset < 0 || length < 0 || length > resultsAt - offset || !Map())
                throw new BrokenException("an event that does not lie in shared memory");
            var bytes = new byte[length];
            Marshal.Copy(mapped + offset, bytes, 0, length);
            return bytes;
        }

        /// <summary>The frame that says where the payload lies, once it does; or the frame itself, which goes over the pipe.</summary>
        public Frame Put(Frame result)
        {
            int length = (int)result.Length - Channel.HeadBytes;
            if (length < resultsFrom || length > size - resultsAt || !Map()) return result;
            Marshal.Copy(result.GetBuffer(), Channel.HeadBytes, mapped + resultsAt, length);
            var frame = new Frame { Flags = Channel.Shared };
            frame.Write(BitConverter.GetBytes(resultsAt), 0, 4);
            frame.Write(BitConverter.GetBytes(length), 0, 4);
            return frame;
        }
    }
}
