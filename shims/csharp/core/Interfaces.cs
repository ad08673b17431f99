// What functions and the runtime share, as the public package Aliyun.Serverless.Core has it.
using System;
using System.IO;
using System.Reflection;
using Microsoft.Extensions.Logging;

[assembly: AssemblyVersion("1.0.0.0")]

namespace Aliyun.Serverless.Core
{
    /// <summary>What a function may ask about the call that runs.</summary>
    public interface IFcContext
    {
        string RequestId { get; }
        IFunctionParameter FunctionParam { get; }
        IFcLogger Logger { get; }
        ICredentials Credentials { get; }
        string AccountId { get; }
        string Region { get; }
        IServiceMeta ServiceMeta { get; }
    }

    /// <summary>The function's own settings.</summary>
    public interface IFunctionParameter
    {
        string FunctionName { get; }
        string FunctionHandler { get; }
        string FunctionInitializer { get; }
        int MemoryLimitInMB { get; }
        TimeSpan FunctionTimeout { get; }
        TimeSpan InitializationTimeout { get; }
    }

    /// <summary>Short-lived keys of the role that the service names; empty without one.</summary>
    public interface ICredentials
    {
        string AccessKeyId { get; }
        string AccessKeySecret { get; }
        string SecurityToken { get; }
    }

    /// <summary>The service that the function belongs to.</summary>
    public interface IServiceMeta
    {
        string Name { get; }
        string LogProject { get; }
        string LogStore { get; }
        string Qualifier { get; }
        string VersionId { get; }
    }

    /// <summary>Lines of the function's log that carry time, request id and level.</summary>
    public interface IFcLogger : ILogger
    {
        LogLevel EnabledLogLevel { get; set; }
    }

    /// <summary>How a function's own types become bytes and the other way round.</summary>
    public interface IFcSerializer
    {
        T Deserialize<T>(Stream requestStream);
        void Serialize<T>(T response, Stream responseStream);
    }

    /// <summary>The serializer of a method, or of an assembly's methods.</summary>
    [AttributeUsage(AttributeTargets.Method | AttributeTargets.Assembly, AllowMultiple = false)]
    public sealed class FcSerializerAttribute : Attribute
    {
        public FcSerializerAttribute(Type serializerType) { SerializerType = serializerType; }

        public Type SerializerType { get; set; }
    }

    public class JsonSerializerException : Exception
    {
        public JsonSerializerException(string message, Exception exception) : base(message, exception) { }
    }
}
