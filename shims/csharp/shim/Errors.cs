// What went wrong, as the JSON of an ERROR frame in the shape functions of this language are known for.
using System;
using System.Collections.Generic;
using System.Linq;
using Newtonsoft.Json;
using Newtonsoft.Json.Linq;

namespace Hotcell.Shim
{
    /// <summary>The code could not be loaded; Type is what callers see as errorType, the inner exception what the code threw, if it did.</summary>
    sealed class LoadException : Exception
    {
        public LoadException(string type, string message, Exception inner = null) : base(message, inner) { Type = type; }

        public string Type { get; }
    }

    static class Errors
    {
        const int MostFrames = 100; // the innermost
        const int MostMessage = 1 << 16;

        public static string Json(Exception error)
        {
            var load = error as LoadException;
            Exception root = load == null ? error : error.InnerException;
            return new JObject
            {
                ["errorMessage"] = Message(error),
                ["errorType"] = load == null ? error.GetType().FullName : load.Type,
                ["stackTrace"] = new JArray(root == null ? new string[0] : Frames(root).ToArray()),
            }.ToString(Formatting.None);
        }

        public static string Text(Exception error)
        {
            var load = error as LoadException;
            if (load != null && error.InnerException == null) return load.Type + ": " + Message(error);
            Exception root = load == null ? error : error.InnerException;
            var lines = new List<string> { root.GetType().FullName + ": " + Message(root) };
            lines.AddRange(Frames(root).Select(frame => "  " + frame));
            return string.Join("\n", lines);
        }

        // a class of the function may override each of these, and throw

        static string Message(Exception error)
        {
            try
            {
                string message = error.Message ?? "";
                return message.Length <= MostMessage ? message : message.Substring(0, MostMessage);
            }
            catch (Exception)
            {
                return "a message that cannot be read";
            }
        }

        /// <summary>The lines of the stack trace that are the function's.</summary>
        static IEnumerable<string> Frames(Exception error)
        {
            string trace;
            try
            {
                trace = error.StackTrace ?? "";
            }
            catch (Exception)
            {
                trace = "";
            }
            return trace.Split('\n')
                .Select(line => line.Trim())
                .Where(line => line.Length > 0 && !line.Contains("Hotcell.Shim.") && !line.Contains("(wrapper ")
                               && !line.StartsWith("--- End of stack trace") && !line.Contains("System.Reflection.MonoMethod"))
                .Take(MostFrames);
        }
    }
}
