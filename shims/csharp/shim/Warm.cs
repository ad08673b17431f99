// Goes the whole way from LOAD to answers, until it has been compiled or the engine has something to say.
using System;
using System.Collections;
using System.IO;
using Newtonsoft.Json.Linq;

namespace Hotcell.Shim
{
    static class Warm
    {
        const string Context = "{\"requestId\":\"warm\",\"qualifier\":\"LATEST\",\"deadlineMs\":1,\"credentials\":"
            + "{\"accessKeyId\":\"\",\"accessKeySecret\":\"\",\"securityToken\":\"\"},\"retryCount\":0}";

        public static void Up(Channel channel)
        {
            string directory = Path.Combine(AppDomain.CurrentDomain.BaseDirectory, "warm");
            foreach (string method in new[] { "Streams", "Values", "Texts", "Missing" })
            {
                if (channel.HasInput) return;
                var environment = new FunctionEnvironment(Load("Warm::Hotcell.Warm.Functions::" + method), directory);
                for (int i = 0; i < 3 && !channel.HasInput; ++i)
                {
                    int type;
                    environment.Call(Call("{\"size\":5}"), out type);
                }
            }
        }

        static JObject Load(string handler)
        {
            var variables = new JObject();
            foreach (DictionaryEntry one in Environment.GetEnvironmentVariables()) variables[(string)one.Key] = (string)one.Value;
            return new JObject { ["handler"] = handler, ["env"] = variables, ["function"] = new JObject(), ["service"] = new JObject() };
        }

        static Incoming Call(string text)
        {
            byte[] context = Output.Utf8.GetBytes(Context);
            byte[] input = Output.Utf8.GetBytes(text);
            var frame = new MemoryStream();
            frame.Write(new byte[Channel.HeadBytes + 4], 0, Channel.HeadBytes + 4);
            frame.Write(BitConverter.GetBytes(context.Length), 0, 4);
            frame.Write(context, 0, context.Length);
            frame.Write(input, 0, input.Length);
            return new Incoming { Bytes = frame.ToArray(), End = (int)frame.Length, Reused = true };
        }
    }
}
