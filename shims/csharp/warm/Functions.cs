// Functions to warm up with: loaded from an assembly and called as any other.
using System.Collections.Generic;
using System.IO;
using System.Threading.Tasks;
using Aliyun.Serverless.Core;
using Microsoft.Extensions.Logging;

namespace Hotcell.Warm
{
    public class Functions
    {
        public async Task<Stream> Streams(Stream input, IFcContext context)
        {
            context.Logger.LogInformation("called with {0} bytes", input.Length);
            var result = new MemoryStream();
            await input.CopyToAsync(result);
            return result;
        }

        public Dictionary<string, object> Values(Dictionary<string, object> input, IFcContext context) { return input; }

        public string Texts(string input, IFcContext context) { return input + context.ServiceMeta.Name; }
    }
}
