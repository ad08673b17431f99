// The part of Microsoft.Extensions.Logging.Abstractions that functions meet through their context's logger.
using System;
using System.Reflection;
using System.Text;

[assembly: AssemblyVersion("2.1.1.0")]

namespace Microsoft.Extensions.Logging
{
    public enum LogLevel { Trace, Debug, Information, Warning, Error, Critical, None }

    public struct EventId
    {
        public EventId(int id, string name = null)
        {
            Id = id;
            Name = name;
        }

        public int Id { get; }
        public string Name { get; }

        public static implicit operator EventId(int id) => new EventId(id);
        public static bool operator ==(EventId one, EventId other) => one.Id == other.Id;
        public static bool operator !=(EventId one, EventId other) => one.Id != other.Id;
        public override bool Equals(object other) => other is EventId && ((EventId)other).Id == Id;
        public override int GetHashCode() => Id;
        public override string ToString() => Name ?? Id.ToString();
    }

    public interface ILogger
    {
        void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception exception,
                         Func<TState, Exception, string> formatter);
        bool IsEnabled(LogLevel logLevel);
        IDisposable BeginScope<TState>(TState state);
    }

    public interface ILogger<out TCategoryName> : ILogger { }

    public interface ILoggerFactory : IDisposable
    {
        ILogger CreateLogger(string categoryName);
    }

    public static class LoggerExtensions
    {
        public static void LogTrace(this ILogger logger, string message, params object[] args) => Log(logger, LogLevel.Trace, 0, null, message, args);
        public static void LogTrace(this ILogger logger, Exception exception, string message, params object[] args) => Log(logger, LogLevel.Trace, 0, exception, message, args);
        public static void LogTrace(this ILogger logger, EventId eventId, string message, params object[] args) => Log(logger, LogLevel.Trace, eventId, null, message, args);
        public static void LogTrace(this ILogger logger, EventId eventId, Exception exception, string message, params object[] args) => Log(logger, LogLevel.Trace, eventId, exception, message, args);

        public static void LogDebug(this ILogger logger, string message, params object[] args) => Log(logger, LogLevel.Debug, 0, null, message, args);
        public static void LogDebug(this ILogger logger, Exception exception, string message, params object[] args) => Log(logger, LogLevel.Debug, 0, exception, message, args);
        public static void LogDebug(this ILogger logger, EventId eventId, string message, params object[] args) => Log(logger, LogLevel.Debug, eventId, null, message, args);
        public static void LogDebug(this ILogger logger, EventId eventId, Exception exception, string message, params object[] args) => Log(logger, LogLevel.Debug, eventId, exception, message, args);

        public static void LogInformation(this ILogger logger, string message, params object[] args) => Log(logger, LogLevel.Information, 0, null, message, args);
        public static void LogInformation(this ILogger logger, Exception exception, string message, params object[] args) => Log(logger, LogLevel.Information, 0, exception, message, args);
        public static void LogInformation(this ILogger logger, EventId eventId, string message, params object[] args) => Log(logger, LogLevel.Information, eventId, null, message, args);
        public static void LogInformation(this ILogger logger, EventId eventId, Exception exception, string message, params object[] args) => Log(logger, LogLevel.Information, eventId, exception, message, args);

        public static void LogWarning(this ILogger logger, string message, params object[] args) => Log(logger, LogLevel.Warning, 0, null, message, args);
        public static void LogWarning(this ILogger logger, Exception exception, string message, params object[] args) => Log(logger, LogLevel.Warning, 0, exception, message, args);
        public static void LogWarning(this ILogger logger, EventId eventId, string message, params object[] args) => Log(logger, LogLevel.Warning, eventId, null, message, args);
        public static void LogWarning(this ILogger logger, EventId eventId, Exception exception, string message, params object[] args) => Log(logger, LogLevel.Warning, eventId, exception, message, args);

        public static void LogError(this ILogger logger, string message, params object[] args) => Log(logger, LogLevel.Error, 0, null, message, args);
        public static void LogError(this ILogger logger, Exception exception, string message, params object[] args) => Log(logger, LogLevel.Error, 0, exception, message, args);
        public static void LogError(this ILogger logger, EventId eventId, string message, params object[] args) => Log(logger, LogLevel.Error, eventId, null, message, args);
        public static void LogError(this ILogger logger, EventId eventId, Exception exception, string message, params object[] args) => Log(logger, LogLevel.Error, eventId, exception, message, args);

        public static void LogCritical(this ILogger logger, string message, params object[] args) => Log(logger, LogLevel.Critical, 0, null, message, args);
        public static void LogCritical(this ILogger logger, Exception exception, string message, params object[] args) => Log(logger, LogLevel.Critical, 0, exception, message, args);
        public static void LogCritical(this ILogger logger, EventId eventId, string message, params object[] args) => Log(logger, LogLevel.Critical, eventId, null, message, args);
        public static void LogCritical(this ILogger logger, EventId eventId, Exception exception, string message, params object[] args) => Log(logger, LogLevel.Critical, eventId, exception, message, args);

        public static void Log(this ILogger logger, LogLevel logLevel, string message, params object[] args) => Log(logger, logLevel, 0, null, message, args);
        public static void Log(this ILogger logger, LogLevel logLevel, EventId eventId, string message, params object[] args) => Log(logger, logLevel, eventId, null, message, args);
        public static void Log(this ILogger logger, LogLevel logLevel, Exception exception, string message, params object[] args) => Log(logger, logLevel, 0, exception, message, args);
        public static void Log(this ILogger logger, LogLevel logLevel, EventId eventId, Exception exception, string message, params object[] args)
        {
            if (logger == null) throw new ArgumentNullException(nameof(logger));
            logger.Log(logLevel, eventId, message, exception, (text, error) => Format(text, args));
        }

        public static IDisposable BeginScope(this ILogger logger, string messageFormat, params object[] args) => logger.BeginScope(Format(messageFormat, args));

        /// <summary>Holes are filled in their order, whatever is written in them: "{user} has {0} files".</summary>
        private static string Format(string text, object[] args)
        {
            if (text == null) return "[null]";
            if (args == null || args.Length == 0) return text;
            var result = new StringBuilder(text.Length + 16);
            int used = 0;
            for (int at = 0; at < text.Length; ++at)
            {
                char c = text[at];
                bool twice = at + 1 < text.Length && text[at + 1] == c;
                if ((c == '{' || c == '}') && twice)
                {
                    result.Append(c);
                    ++at;
                    continue;
                }
                int close = c == '{' ? text.IndexOf('}', at) : -1;
                if (close < 0 || used >= args.Length)
                {
                    result.Append(c);
                    continue;
                }
                int format = text.IndexOfAny(new[] { ':', ',' }, at, close - at);
                result.AppendFormat("{0" + (format < 0 ? "" : text.Substring(format, close - format)) + "}", args[used++] ?? "(null)");
                at = close;
            }
            return result.ToString();
        }
    }
}
