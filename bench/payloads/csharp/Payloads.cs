// The functions that main.cc calls.
using System.IO;
using Aliyun.Serverless.Core;

namespace Hotcell.Bench
{
    public class Payloads
    {
        public Stream Echo(Stream input, IFcContext context) { return input; }

        public Stream Swallow(Stream input, IFcContext context) { return new MemoryStream(); }

        public Stream Make(Stream input, IFcContext context)
        {
            return new MemoryStream(new byte[int.Parse(new StreamReader(input).ReadToEnd())]);
        }
    }
}
