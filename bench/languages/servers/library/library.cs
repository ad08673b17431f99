// library.exe PORT: the handler behind the library's own HTTP server, which listens on ports only.
using System.IO;
using System.Net;

static class Program
{
    static void Main(string[] arguments)
    {
        var listener = new HttpListener();
        listener.Prefixes.Add("http://127.0.0.1:" + arguments[0] + "/");
        listener.Start();
        var index = new Index();
        for (;;)
        {
            var context = listener.GetContext();
            var result = new MemoryStream();
            index.Handler(context.Request.InputStream).CopyTo(result);
            context.Response.ContentLength64 = result.Length;
            context.Response.OutputStream.Write(result.GetBuffer(), 0, (int)result.Length);
            context.Response.Close();
        }
    }
}
