// The context of one call: what the engine says with the call, beside what it said once on LOAD.
using System;
using Aliyun.Serverless.Core;
using Microsoft.Extensions.Logging;
using Newtonsoft.Json.Linq;

namespace Hotcell.Shim
{
    sealed class CallContext : IFcContext, IFunctionParameter, ICredentials, IServiceMeta
    {
        readonly JObject load;
        readonly JObject call;

        public CallContext(JObject load, JObject call)
        {
            this.load = load;
            this.call = call;
            RequestId = (string)call["requestId"] ?? "";
            Logger = new RequestLogger(RequestId);
        }

        public string RequestId { get; }
        public IFcLogger Logger { get; }
        public IFunctionParameter FunctionParam => this;
        public ICredentials Credentials => this;
        public IServiceMeta ServiceMeta => this;
        public string AccountId => Text(load["accountId"]);
        public string Region => Text(load["region"]);

        string IFunctionParameter.FunctionName => Text(load["function"]?["name"]);
        string IFunctionParameter.FunctionHandler => Text(load["function"]?["handler"]);
        string IFunctionParameter.FunctionInitializer => Text(load["function"]?["initializer"]);
        int IFunctionParameter.MemoryLimitInMB => Number(load["function"]?["memory"]);
        TimeSpan IFunctionParameter.FunctionTimeout => TimeSpan.FromSeconds(Number(load["function"]?["timeout"]));
        TimeSpan IFunctionParameter.InitializationTimeout => TimeSpan.FromSeconds(Number(load["function"]?["initializationTimeout"]));

        string ICredentials.AccessKeyId => Text(call["credentials"]?["accessKeyId"]);
        string ICredentials.AccessKeySecret => Text(call["credentials"]?["accessKeySecret"]);
        string ICredentials.SecurityToken => Text(call["credentials"]?["securityToken"]);

        string IServiceMeta.Name => Text(load["service"]?["name"]);
        string IServiceMeta.LogProject => Text(load["service"]?["logProject"]);
        string IServiceMeta.LogStore => Text(load["service"]?["logStore"]);
        string IServiceMeta.Qualifier => Text(call["qualifier"]);
        string IServiceMeta.VersionId => Text(load["service"]?["versionId"]);

        static string Text(JToken token) { return token == null || token.Type != JTokenType.String ? "" : (string)token; }

        static int Number(JToken token) { return token == null || token.Type != JTokenType.Integer ? 0 : (int)token; }

        sealed class RequestLogger : IFcLogger
        {
            static readonly string[] Names = { "TRACE", "DEBUG", "INFO", "WARN", "ERROR", "CRITICAL" };
            readonly string requestId;

            public RequestLogger(string requestId) { this.requestId = requestId; }

            public LogLevel EnabledLogLevel { get; set; }

            public bool IsEnabled(LogLevel level) { return level >= EnabledLogLevel && level < LogLevel.None; }

            public IDisposable BeginScope<TState>(TState state) { return new NoScope(); }

            public void Log<TState>(LogLevel level, EventId eventId, TState state, Exception exception,
                                    Func<TState, Exception, string> formatter)
            {
                if (!IsEnabled(level)) return;
                string text = formatter(state, exception);
                if (exception != null) text += "\n" + exception;
                Output.Log(requestId, Names[(int)level], text);
            }
        }

        sealed class NoScope : IDisposable
        {
            public void Dispose() { }
        }
    }
}
