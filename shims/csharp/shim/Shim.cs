// C# on Mono as a function environment: `mono shim.exe [--code DIR]` with the channel as descriptors 3 and 5.
//
// Boots, says READY, warms up until LOAD is there, becomes the environment that LOAD names (docs/protocol/shim-channel.md). DIR is where
// the code lies, /code unless a test says otherwise.
using System;
using System.IO;
using System.Reflection;
using Newtonsoft.Json.Linq;

namespace Hotcell.Shim
{
    static class Program
    {
        static void Main(string[] arguments)
        {
            int status = 1;
            try
            {
                string code = "/code";
                if (arguments.Length == 2 && arguments[0] == "--code") code = arguments[1];
                else if (arguments.Length > 0) throw new ArgumentException("usage: shim.exe [--code DIR]");
                Output.Silence();
                AppDomain.CurrentDomain.AssemblyResolve += OwnJson;
                Serve(new Channel(), code);
                status = 0;
            }
            catch (IOException)
            {
                status = 0; // the engine has gone
            }
            catch (Exception error)
            {
                Output.Complain(error.GetType().Name + ": " + error.Message);
            }
            Native.Leave(status);
        }

        /// <summary>Debian puts the JSON library into the global assembly cache when it is installed, but not when it is unpacked only.</summary>
        static Assembly OwnJson(object sender, ResolveEventArgs asked)
        {
            const string File = "/usr/lib/cli/Newtonsoft.Json-5.0/Newtonsoft.Json.dll";
            return asked.RequestingAssembly == typeof(Program).Assembly && asked.Name.StartsWith("Newtonsoft.Json,") ? Assembly.LoadFrom(File) : null;
        }

        static void Serve(Channel channel, string code)
        {
            channel.SendReady();
            Warm.Up(channel);
            Incoming incoming;
            if (!channel.Read(Channel.Load, out incoming)) return;
            JObject load = FunctionEnvironment.Json(incoming.Bytes, Channel.HeadBytes, incoming.End - Channel.HeadBytes);
            var environment = new FunctionEnvironment(load, code);
            Output.Install();
            while (channel.Read(Channel.Invoke, out incoming))
            {
                int type;
                Frame answer = environment.Call(incoming, out type);
                channel.Send(type, incoming.Request, answer);
            }
        }
    }
}
