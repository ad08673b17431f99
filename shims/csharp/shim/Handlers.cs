// The function's methods, found by handler strings "Assembly::Namespace.Class::Method", and how they are called.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Threading.Tasks;
using Aliyun.Serverless.Core;

namespace Hotcell.Shim
{
    sealed class Handlers
    {
        readonly string code;
        readonly Dictionary<string, Handler> found = new Dictionary<string, Handler>();
        readonly Dictionary<Type, object> objects = new Dictionary<Type, object>(); // one of a class, for handler and hooks
        Assembly json;
        bool lookedForJson;

        sealed class Handler
        {
            public MethodInfo Method;
            public object Target;
            public ParameterInfo Input; // null: it takes none
            public bool IsAsyncVoid;
            public Type ResultType;     // typeof(void): no result
            public Serializer Serializer;
        }

        public Handlers(string code) { this.code = code; }

        /// <summary>Calls the method; its result goes to `result` unless that is null.</summary>
        public void Call(string name, CallContext context, byte[] bytes, int begin, int count, Stream result)
        {
            Handler handler;
            if (!found.TryGetValue(name, out handler)) found[name] = handler = Find(name);
            object[] arguments = handler.Method.GetParameters()
                .Select(one => one == handler.Input ? Input(handler, bytes, begin, count) : (object)context).ToArray();
            object value = handler.IsAsyncVoid
                ? AsyncVoid.Run(() => Invoke(handler.Method, handler.Target, arguments))
                : Awaited(Invoke(handler.Method, handler.Target, arguments), handler.ResultType);
            if (result != null && handler.ResultType != typeof(void)) Encode(handler, value, result);
        }

        /// <summary>Without the exception that reflection wraps around the method's own.</summary>
        public static object Invoke(MethodInfo method, object target, object[] arguments)
        {
            try
            {
                return method.Invoke(target, arguments);
            }
            catch (TargetInvocationException wrapped) when (wrapped.InnerException != null)
            {
                ExceptionDispatchInfo.Capture(wrapped.InnerException).Throw();
                throw;
            }
        }

        object Input(Handler handler, byte[] bytes, int begin, int count)
        {
            Type type = handler.Input.ParameterType;
            if (type.IsAssignableFrom(typeof(MemoryStream)) && type != typeof(object)) return new MemoryStream(bytes, begin, count, false);
            if (type == typeof(string)) return Output.Utf8.GetString(bytes, begin, count);
            return SerializerOf(handler).Read(bytes, begin, count, type);
        }

        static object Awaited(object value, Type resultType)
        {
            var task = value as Task;
            if (task == null) return value;
            task.GetAwaiter().GetResult();
            return resultType == typeof(void) ? null : task.GetType().GetProperty("Result").GetValue(task);
        }

        void Encode(Handler handler, object value, Stream to)
        {
            var stream = value as Stream;
            if (stream != null)
            {
                if (stream.CanSeek) stream.Position = 0; // what was just written is what is meant
                stream.CopyTo(to);
            }
            else if (handler.ResultType == typeof(string))
            {
                byte[] text = Output.Utf8.GetBytes((string)value ?? "");
                to.Write(text, 0, text.Length);
            }
            else if (!typeof(Stream).IsAssignableFrom(handler.ResultType))
            {
                SerializerOf(handler).Write(value, handler.ResultType, to);
            }
        }

        Serializer SerializerOf(Handler handler)
        {
            return handler.Serializer ?? (handler.Serializer = Serializer.Of(handler.Method, PackagesJson()));
        }

        Assembly PackagesJson()
        {
            string file = Path.Combine(code, "Newtonsoft.Json.dll");
            if (!lookedForJson && File.Exists(file)) json = Assembly.LoadFrom(file);
            lookedForJson = true;
            return json;
        }

        Handler Find(string name)
        {
            string[] parts = name.Split(new[] { "::" }, StringSplitOptions.None);
            if (parts.Length != 3 || parts.Any(part => part.Length == 0))
                throw new LoadException("InvalidHandlerName", $"Invalid handler '{name}', which must be Assembly::Namespace.Class::Method");
            Type type = TypeOf(parts[0], parts[1]);
            MethodInfo method = MethodOf(type, parts[2]);
            var handler = new Handler { Method = method, Target = method.IsStatic ? null : ObjectOf(type) };
            ParameterInfo[] others = method.GetParameters().Where(one => !one.ParameterType.IsAssignableFrom(typeof(CallContext)) || one.ParameterType == typeof(object)).ToArray();
            if (others.Length > 1 || method.ContainsGenericParameters)
                throw new LoadException("HandlerNotFound", $"Handler '{parts[2]}' on class '{parts[1]}' must take an input and an IFcContext");
            handler.Input = others.FirstOrDefault();
            Type result = method.ReturnType;
            handler.IsAsyncVoid = result == typeof(void) && method.IsDefined(typeof(AsyncStateMachineAttribute), false);
            if (result == typeof(Task)) result = typeof(void);
            else if (result.IsGenericType && result.GetGenericTypeDefinition() == typeof(Task<>)) result = result.GetGenericArguments()[0];
            handler.ResultType = result;
            return handler;
        }

        Type TypeOf(string assembly, string name)
        {
            string file = Path.Combine(code, assembly + ".dll");
            if (!File.Exists(file)) file = Path.Combine(code, assembly + ".exe");
            if (!File.Exists(file)) throw new LoadException("ImportModuleError", $"Assembly '{assembly}' is not found in the code package");
            try
            {
                Type type = Assembly.LoadFrom(file).GetType(name, false);
                if (type != null) return type;
            }
            catch (BadImageFormatException wrong)
            {
                throw new LoadException("UserCodeSyntaxError", $"{wrong.GetType().FullName}: {wrong.Message}", wrong);
            }
            catch (Exception wrong) when (wrong is FileNotFoundException || wrong is TypeLoadException || wrong is FileLoadException)
            {
                throw new LoadException("ImportModuleError", $"{wrong.GetType().FullName}: {wrong.Message}", wrong);
            }
            throw new LoadException("HandlerNotFound", $"Class '{name}' is missing in assembly '{assembly}'");
        }

        static MethodInfo MethodOf(Type type, string name)
        {
            MethodInfo[] all = type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static)
                .Where(one => one.Name == name).ToArray();
            if (all.Length == 1) return all[0];
            if (all.Length == 0) throw new LoadException("HandlerNotFound", $"Handler '{name}' is missing on class '{type.FullName}'");
            MethodInfo own = all.FirstOrDefault(one => one.GetParameters().Any(parameter => parameter.ParameterType == typeof(IFcContext)));
            if (own != null) return own;
            throw new LoadException("HandlerNotFound", $"Handler '{name}' on class '{type.FullName}' must take an input and an IFcContext");
        }

        object ObjectOf(Type type)
        {
            object one;
            if (objects.TryGetValue(type, out one)) return one;
            try
            {
                return objects[type] = Activator.CreateInstance(type);
            }
            catch (MissingMethodException)
            {
                throw new LoadException("HandlerNotFound", $"Class '{type.FullName}' has no public constructor without parameters");
            }
            catch (Exception wrapped) when (wrapped is TargetInvocationException || wrapped is TypeInitializationException)
            {
                Exception inner = wrapped;
                while (inner.InnerException != null && (inner is TargetInvocationException || inner is TypeInitializationException))
                    inner = inner.InnerException;
                throw new LoadException("UserCodeError", $"{inner.GetType().FullName}: {inner.Message}", inner);
            }
        }
    }
}
