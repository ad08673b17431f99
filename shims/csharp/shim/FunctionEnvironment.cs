// A function's environment: call after call of its code, each between its two lines in the log.
using System;
using System.Collections;
using System.IO;
using System.Linq;
using System.Reflection;
using Newtonsoft.Json;
using Newtonsoft.Json.Linq;

namespace Hotcell.Shim
{
    sealed class FunctionEnvironment
    {
        const uint Handler = 0, Http = 4;
        static readonly string[] Names = { "handler", "initializer", "preFreeze", "preStop", "handler" };

        readonly JObject load;
        readonly Handlers handlers;
        readonly string code;
        readonly SharedMemory memory;

        public FunctionEnvironment(JObject load, string code)
        {
            if (load["handler"] == null || load["handler"].Type != JTokenType.String) throw new BrokenException("LOAD: handler is not a string");
            this.load = load;
            this.code = code;
            handlers = new Handlers(code);
            memory = new SharedMemory(load["memory"]);
            ReplaceEnvironment(load["env"] as JObject ?? new JObject());
            Directory.SetCurrentDirectory(code);
            TimeZoneInfo.ClearCachedData();
            AppDomain.CurrentDomain.AssemblyResolve += Resolve;
        }

        static void ReplaceEnvironment(JObject variables)
        {
            foreach (string name in Environment.GetEnvironmentVariables().Keys.Cast<string>().ToList()) Native.UnsetVariable(name);
            foreach (JProperty one in variables.Properties()) Native.SetVariable(one.Name, (string)one.Value);
        }

        /// <summary>Assemblies that are neither the class library's nor beside the one that asks for them.</summary>
        Assembly Resolve(object sender, ResolveEventArgs asked)
        {
            string file = new AssemblyName(asked.Name).Name + ".dll";
            string found = new[] { code, "/opt", "/opt/lib" }.Select(place => Path.Combine(place, file)).FirstOrDefault(File.Exists);
            return found == null ? null : Assembly.LoadFrom(found);
        }

        /// <summary>What the engine says, which is an object.</summary>
        public static JObject Json(byte[] bytes, int offset, int count)
        {
            try
            {
                using (var reader = new JsonTextReader(new StringReader(Output.Utf8.GetString(bytes, offset, count))))
                {
                    reader.DateParseHandling = DateParseHandling.None; // what looks like a time is a text all the same
                    JObject said = JObject.Load(reader);
                    while (reader.Read())
                        if (reader.TokenType != JsonToken.Comment) throw new BrokenException("more than one JSON value");
                    return said;
                }
            }
            catch (JsonException wrong)
            {
                throw new BrokenException("no JSON object: " + wrong.Message);
            }
        }

        /// <summary>The frame that answers the call, and its type.</summary>
        public Frame Call(Incoming incoming, out int type)
        {
            uint kind = BitConverter.ToUInt32(incoming.Bytes, Channel.HeadBytes);
            uint contextBytes = BitConverter.ToUInt32(incoming.Bytes, Channel.HeadBytes + 4);
            int begin = Channel.HeadBytes + Channel.InvokeBytes;
            if (kind >= Names.Length || contextBytes > incoming.End - begin)
                throw new BrokenException("a call of a kind or size that there is not");
            var context = new CallContext(load, Json(incoming.Bytes, begin, (int)contextBytes));
            int at = begin + (int)contextBytes;
            byte[] bytes = incoming.Bytes;
            int count = incoming.End - at;
            if ((BitConverter.ToUInt16(bytes, 6) & Channel.Shared) != 0)
            {
                bytes = memory.Event(bytes, at, incoming.End);
                count = bytes.Length;
                at = 0;
            }
            else if (incoming.Reused) // functions may keep what they get
            {
                bytes = new byte[count];
                Buffer.BlockCopy(incoming.Bytes, at, bytes, 0, count);
                at = 0;
            }
            Frame frame = Answer(kind, context, bytes, at, count, out type);
            Output.Flush();
            return frame;
        }

        Frame Answer(uint kind, CallContext context, byte[] bytes, int at, int count, out int type)
        {
            try
            {
                if (kind == Http)
                    throw new LoadException("HandlerNotFound", "HTTP functions derive from FcHttpEntrypoint (ASP.NET Core), which this runtime does not have");
                var result = new Frame();
                handlers.Call((string)load[Names[kind]] ?? "", context, bytes, at, count, kind == Handler ? result : null);
                type = Channel.Result;
                return memory.Put(result);
            }
            catch (Exception error)
            {
                Output.Error(Errors.Text(error));
                var document = new Frame();
                byte[] text = Output.Utf8.GetBytes(Errors.Json(error));
                document.Write(text, 0, text.Length);
                type = Channel.Error;
                return document;
            }
        }
    }
}
