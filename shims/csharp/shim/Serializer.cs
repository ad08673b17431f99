// How the types of typed handlers travel: by the serializer that the method or its assembly names, else as JSON; by the Newtonsoft.Json
// that the package brings, whose attributes its types carry, else by the shim's own.
using System;
using System.IO;
using System.Linq;
using System.Reflection;
using Aliyun.Serverless.Core;

namespace Hotcell.Shim
{
    abstract class Serializer
    {
        public abstract object Read(byte[] bytes, int offset, int count, Type type);
        public abstract void Write(object value, Type type, Stream to);

        public static Serializer Of(MethodInfo method, Assembly json)
        {
            var named = method.GetCustomAttributes(typeof(FcSerializerAttribute), false)
                .Concat(method.DeclaringType.Assembly.GetCustomAttributes(typeof(FcSerializerAttribute), false))
                .Cast<FcSerializerAttribute>().FirstOrDefault();
            if (named == null) return new Json(json);
            if (!typeof(IFcSerializer).IsAssignableFrom(named.SerializerType))
                throw new LoadException("UserCodeError", $"The serializer '{named.SerializerType}' does not implement IFcSerializer");
            return new Named((IFcSerializer)Activator.CreateInstance(named.SerializerType));
        }

        sealed class Named : Serializer
        {
            readonly IFcSerializer serializer;

            public Named(IFcSerializer serializer) { this.serializer = serializer; }

            public override object Read(byte[] bytes, int offset, int count, Type type)
            {
                return Call("Deserialize", type, new object[] { new MemoryStream(bytes, offset, count, false) });
            }

            public override void Write(object value, Type type, Stream to)
            {
                var own = new MemoryStream(); // a serializer may close what it is given
                Call("Serialize", type, new[] { value, own });
                byte[] bytes = own.ToArray();
                to.Write(bytes, 0, bytes.Length);
            }

            object Call(string method, Type type, object[] arguments)
            {
                return Handlers.Invoke(typeof(IFcSerializer).GetMethod(method).MakeGenericMethod(type), serializer, arguments);
            }
        }

        sealed class Json : Serializer
        {
            readonly MethodInfo read;
            readonly MethodInfo write;

            public Json(Assembly json)
            {
                Type convert = (json ?? typeof(Newtonsoft.Json.JsonConvert).Assembly).GetType("Newtonsoft.Json.JsonConvert", true);
                read = convert.GetMethod("DeserializeObject", new[] { typeof(string), typeof(Type) });
                write = convert.GetMethod("SerializeObject", new[] { typeof(object) });
            }

            public override object Read(byte[] bytes, int offset, int count, Type type)
            {
                return Handlers.Invoke(read, null, new object[] { Output.Utf8.GetString(bytes, offset, count), type });
            }

            public override void Write(object value, Type type, Stream to)
            {
                byte[] bytes = Output.Utf8.GetBytes((string)Handlers.Invoke(write, null, new[] { value }));
                to.Write(bytes, 0, bytes.Length);
            }
        }
    }
}
